-- One statement, so that a worker never holds a lock while the network, or a frozen process, makes it wait. Each vector is
-- stored only if the text of its row is still the one that was embedded, and only if the column still holds this model's
-- vectors: contract may have given its name to another. Rows that the application holds locked are skipped, never waited for.
-- The row of the target is locked too where the vector goes into a side table: whoever changes its text afterwards then finds
-- the vector there, and takes it away.
CREATE OR REPLACE FUNCTION reembed.store_vectors(p_target text, p_migration text, p_model text, p_column name,
                                                 p_keys text[], p_text_hashes bigint[], p_vectors vector[], p_refused jsonb) RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off SET lock_timeout = '500ms'
AS $$
DECLARE
  t reembed.target;
  v reembed.vector_column;
  v_nullable boolean;
  v_keys text;
  v_store text;
  v_written text[];
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT c.* INTO v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.migration = p_migration AND c.model = p_model AND c.column_name = p_column;
  IF FOUND AND cardinality(p_keys) > 0 THEN
    v_keys := reembed.key_columns_sql(p_target);
    -- The vectors go straight from the parameter to their rows; what is looked at several times is without them.
    IF v.is_side_table THEN
      v_store := format($q$
        stored AS (
          INSERT INTO %1$s AS side (%2$s, %3$I, %4$I, text_hash)
          SELECT %5$s, v.reembed_vector, $4, f.reembed_hash FROM unnest($3) WITH ORDINALITY AS v(reembed_vector, reembed_place) JOIN fitting AS f USING (reembed_place)
           WHERE v.reembed_vector IS NOT NULL
          ON CONFLICT (%2$s) DO UPDATE SET %3$I = excluded.%3$I, %4$I = excluded.%4$I, text_hash = excluded.text_hash
        ), removed AS (
          DELETE FROM %1$s AS side USING unnest($3) WITH ORDINALITY AS v(reembed_vector, reembed_place) JOIN fitting AS f USING (reembed_place)
           WHERE v.reembed_vector IS NULL AND %6$s
        )
        SELECT array_agg(reembed_key) FROM fitting
      $q$, v.relation, v_keys, v.column_name, v.version_column, reembed.key_columns_sql(p_target, 'f'), reembed.same_key_sql(p_target, 'side', 'f'));
    ELSE
      SELECT NOT a.attnotnull INTO STRICT v_nullable FROM pg_attribute AS a WHERE a.attrelid = v.relation AND a.attname = v.column_name;
      v_store := format($q$
        stored AS (
          UPDATE %1$s AS u SET %2$I = %3$s %4$s
            FROM unnest($3) WITH ORDINALITY AS v(reembed_vector, reembed_place) JOIN fitting AS f USING (reembed_place) WHERE %5$s
          RETURNING f.reembed_key
        )
        SELECT array_agg(reembed_key) FROM stored
      $q$, v.relation, v.column_name, CASE WHEN v_nullable THEN 'v.reembed_vector' ELSE format('coalesce(v.reembed_vector, u.%I)', v.column_name) END,
           CASE WHEN v.version_column IS NOT NULL THEN format(', %I = CASE WHEN v.reembed_vector IS NOT NULL THEN $4 END', v.version_column) END,
           reembed.same_key_sql(p_target, 'u', 'f'));
    END IF;
    EXECUTE format($q$
      WITH input AS MATERIALIZED (
        SELECT i.key AS reembed_key, i.reembed_hash, i.reembed_place, %1$s
          FROM (SELECT item.key, item.key::jsonb AS key_object, item.hash AS reembed_hash, item.place AS reembed_place
                  FROM unnest($1, $2) WITH ORDINALITY AS item(key, hash, place)) AS i
      ), locked AS MATERIALIZED (
        SELECT %2$s, reembed.text_hash((%3$s)::text) AS reembed_present_hash
          FROM %4$s AS t
         WHERE EXISTS (SELECT FROM input WHERE %5$s)
           FOR NO KEY UPDATE SKIP LOCKED
      ), fitting AS MATERIALIZED (
        SELECT i.* FROM input AS i JOIN locked AS t ON %6$s
         WHERE t.reembed_present_hash IS NOT DISTINCT FROM i.reembed_hash
           AND EXISTS (SELECT FROM reembed.vector_column AS c WHERE c.target = $5 AND c.model = $4 AND c.column_name = $6 AND c.migration = $7)
      ), %7$s
    $q$, reembed.key_from_sql(p_target, 'i.key_object', true), reembed.key_columns_sql(p_target, 't'), reembed.row_text_sql(p_target), t.relation,
         reembed.same_key_sql(p_target, 't', 'input'), reembed.same_key_sql(p_target, 't', 'i'), v_store)
      INTO v_written USING p_keys, p_text_hashes, p_vectors, p_model, p_target, p_column, p_migration;
  END IF;

  INSERT INTO reembed.failed_row AS f (target, key, model, class, message)
  SELECT p_target, (r.refused ->> 'key')::jsonb, p_model, r.refused ->> 'class', r.refused ->> 'message'
    FROM jsonb_array_elements(p_refused) AS r(refused)
  ON CONFLICT (target, model, key_digest) DO UPDATE
    SET class = excluded.class, message = excluded.message, attempts = f.attempts + 1, failed_at = now();
  IF EXISTS (SELECT FROM reembed.failed_row WHERE target = p_target AND model = p_model) THEN
    DELETE FROM reembed.failed_row
     WHERE target = p_target AND model = p_model AND key = ANY (v_written::jsonb[])
       AND key <> ALL (ARRAY(SELECT (r.refused ->> 'key')::jsonb FROM jsonb_array_elements(p_refused) AS r(refused)));
  END IF;
  RETURN coalesce(v_written, '{}');
END;
$$;
COMMENT ON FUNCTION reembed.store_vectors IS 'Stores vectors of rows whose text is unchanged, takes those rows out of failed_row and puts refused ones in; returns the keys that were written.';
