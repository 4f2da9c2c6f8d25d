CREATE OR REPLACE FUNCTION reembed.waits_for_repeated(p_migration text, p_batch bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
  v_waits boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration AND r.batch < p_batch) THEN
    RETURN false;
  END IF;
  SELECT * INTO STRICT b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO STRICT t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  EXECUTE format($q$
    SELECT EXISTS (
      SELECT FROM %1$s AS t
        JOIN reembed.repeated_text AS r ON r.migration = $3 AND r.batch < $4 AND r.text_digest = reembed.text_digest((%3$s)::text)
        JOIN reembed.batch AS o ON o.migration = r.migration AND o.id = r.batch
       WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND %2$s IS NULL
         -- The other batch may have brought the vector a moment ago.
         AND (o.state = 'pending' OR r.vector IS NOT NULL))
  $q$, t.relation, reembed.vector_sql(t.name, 'new'), reembed.row_text_sql(t.name))
    INTO v_waits USING b.first_block, b.last_block + 1, p_migration, p_batch;
  RETURN v_waits;
END;
$$;
COMMENT ON FUNCTION reembed.waits_for_repeated IS 'Whether rows of a batch are still to get the vector of a text that another batch has embedded.';
