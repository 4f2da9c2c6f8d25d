CREATE OR REPLACE FUNCTION reembed.read_batch(p_migration text, p_batch bigint, p_model text, p_column name, p_limit integer)
RETURNS TABLE (key text, content text, text_hash bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
BEGIN
  SELECT * INTO STRICT b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO STRICT t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  RETURN QUERY EXECUTE format($q$
    SELECT s.key::text, s.content, reembed.text_hash(s.content)
      FROM (SELECT %1$s AS key, (%2$s)::text AS content
              FROM %3$s AS t
             WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND t.%4$I IS NULL) AS s
     WHERE reembed.has_text(s.content)
       AND NOT EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $3 AND f.key = s.key AND f.model = $4)
     LIMIT $5
  $q$, reembed.key_sql(t.name, 't'), t.text_sql, t.relation, p_column)
    USING b.first_block, b.last_block + 1, t.name, p_model, p_limit;
END;
$$;
COMMENT ON FUNCTION reembed.read_batch IS 'Rows in the range of a batch that have a text but no vector of the model yet, and have not failed.';
