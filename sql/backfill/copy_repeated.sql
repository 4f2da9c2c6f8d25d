-- Stored like any other vector, fenced and in portions; only the provider is left out.
CREATE OR REPLACE FUNCTION reembed.copy_repeated(p_migration text, p_batch bigint, p_model text, p_column name, p_limit integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
  v_found record;
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration AND r.vector IS NOT NULL) THEN
    RETURN 0;
  END IF;
  SELECT * INTO b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  EXECUTE format($q$
    SELECT array_agg(s.key::text) AS keys, array_agg(s.text_hash) AS hashes, array_agg(s.vector) AS vectors
      FROM (SELECT %1$s AS key, reembed.text_hash((%2$s)::text) AS text_hash, r.vector
              FROM %3$s AS t JOIN reembed.repeated_text AS r ON r.migration = $3 AND r.text_digest = reembed.text_digest((%2$s)::text) AND r.vector IS NOT NULL
             WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND %4$s IS NULL
               -- Held by the application: left for later, or this would be tried again and again.
               FOR NO KEY UPDATE OF t SKIP LOCKED
             LIMIT $4) AS s
  $q$, reembed.key_sql(t.name, 't'), reembed.row_text_sql(t.name), t.relation, reembed.vector_sql(t.name, 'new'))
    INTO v_found USING b.first_block, b.last_block + 1, p_migration, p_limit;
  IF v_found.keys IS NULL THEN
    RETURN 0;
  END IF;
  RETURN reembed.store_batch(p_migration, p_batch, p_model, p_column, v_found.keys, v_found.hashes, v_found.vectors, '[]', 0, 0, false);
END;
$$;
COMMENT ON FUNCTION reembed.copy_repeated IS 'Gives up to p_limit rows of a batch the vector that their text has from another row; returns how many.';
