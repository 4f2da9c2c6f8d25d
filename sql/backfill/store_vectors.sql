-- One statement, so that a worker never holds a lock while the network, or a frozen process, makes it wait. Each vector is
-- stored only if the text of its row is still the one that was embedded, and only if the column still holds this model's
-- vectors: contract may have given its name to another. Rows that the application holds locked are skipped, never waited for.
CREATE OR REPLACE FUNCTION reembed.store_vectors(p_target text, p_migration text, p_model text, p_column name,
                                                 p_keys text[], p_text_hashes bigint[], p_vectors vector[], p_refused jsonb) RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off SET lock_timeout = '500ms'
AS $$
DECLARE
  t reembed.target;
  v_version name;
  v_nullable boolean;
  v_keys text;
  v_row_keys text;
  v_written text[];
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT v.version_column, NOT a.attnotnull INTO v_version, v_nullable
    FROM reembed.vector_column AS v JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = v.column_name
   WHERE v.target = p_target AND v.model = p_model AND v.column_name = p_column;
  SELECT string_agg(format('t.%I', k), ', '), string_agg(format('u.%I', k), ', ') INTO v_keys, v_row_keys FROM unnest(t.key_columns) AS k;
  IF v_nullable IS NOT NULL AND cardinality(p_keys) > 0 THEN
    EXECUTE format($q$
      WITH input AS MATERIALIZED (
        SELECT item.key AS key_text, item.key::jsonb AS key_object, item.text_hash, item.new_vector
          FROM unnest($1, $2, $3) AS item(key, text_hash, new_vector)
      ), locked AS MATERIALIZED (
        SELECT %1$s AS key_object, reembed.text_hash((%2$s)::text) AS text_hash
          FROM %3$s AS t
         WHERE (%4$s) IN (SELECT %5$s FROM input)
           FOR NO KEY UPDATE SKIP LOCKED
      ), stored AS (
        UPDATE %3$s AS u
           SET %6$I = %7$s %8$s
          FROM input AS i JOIN locked AS l ON l.key_object = i.key_object AND l.text_hash IS NOT DISTINCT FROM i.text_hash
         WHERE EXISTS (SELECT FROM reembed.vector_column AS c WHERE c.target = $5 AND c.model = $4 AND c.column_name = $6 AND c.migration = $7)
           AND (%9$s) = (%10$s)
        RETURNING i.key_text
      )
      SELECT array_agg(key_text) FROM stored
    $q$, reembed.key_sql(p_target, 't'), t.text_sql, t.relation, v_keys, reembed.key_from_sql(p_target, 'input.key_object'),
         p_column, CASE WHEN v_nullable THEN 'i.new_vector' ELSE format('coalesce(i.new_vector, u.%I)', p_column) END,
         CASE WHEN v_version IS NOT NULL THEN format(', %I = CASE WHEN i.new_vector IS NOT NULL THEN $4 END', v_version) END,
         v_row_keys, reembed.key_from_sql(p_target, 'i.key_object'))
      INTO v_written USING p_keys, p_text_hashes, p_vectors, p_model, p_target, p_column, p_migration;
  END IF;

  INSERT INTO reembed.failed_row AS f (target, key, model, class, message)
  SELECT p_target, (r.refused ->> 'key')::jsonb, p_model, r.refused ->> 'class', r.refused ->> 'message'
    FROM jsonb_array_elements(p_refused) AS r(refused)
  ON CONFLICT (target, key, model) DO UPDATE
    SET class = excluded.class, message = excluded.message, attempts = f.attempts + 1, failed_at = now();
  DELETE FROM reembed.failed_row
   WHERE target = p_target AND model = p_model AND key = ANY (v_written::jsonb[])
     AND key <> ALL (ARRAY(SELECT (r.refused ->> 'key')::jsonb FROM jsonb_array_elements(p_refused) AS r(refused)));
  RETURN coalesce(v_written, '{}');
END;
$$;
COMMENT ON FUNCTION reembed.store_vectors IS 'Stores vectors of rows whose text is unchanged, takes those rows out of failed_row and puts refused ones in; returns the keys that were written.';
