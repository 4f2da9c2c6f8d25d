CREATE OR REPLACE FUNCTION reembed.keep_repeated(p_migration text, p_batch bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration AND r.batch = p_batch AND r.vector IS NULL) THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO STRICT t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  EXECUTE format($q$
    UPDATE reembed.repeated_text AS r SET vector = s.vector
      FROM (SELECT DISTINCT ON (1) md5((%1$s)::text)::uuid AS text_digest, %3$s AS vector
              FROM %2$s AS t WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND %3$s IS NOT NULL) AS s
     WHERE r.migration = $3 AND r.batch = $4 AND r.text_digest = s.text_digest AND r.vector IS NULL
  $q$, reembed.row_text_sql(t.name), t.relation, reembed.vector_sql(t.name, 'new'))
    USING b.first_block, b.last_block + 1, p_migration, p_batch;
END;
$$;
COMMENT ON FUNCTION reembed.keep_repeated IS 'Keeps the vectors of texts that other batches wait for.';
