CREATE OR REPLACE FUNCTION reembed.provider_batch_of_repeated(p_migration text, p_batch bigint, p_other_than uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
  v_provider_batch uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration AND r.batch < p_batch AND r.vector IS NULL) THEN
    RETURN NULL;
  END IF;
  SELECT * INTO STRICT b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO STRICT t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  EXECUTE format($q$
    SELECT o.provider_batch
      FROM %1$s AS t
      JOIN reembed.repeated_text AS r ON r.migration = $3 AND r.batch < $4 AND r.text_digest = reembed.text_digest((%3$s)::text) AND r.vector IS NULL
      JOIN reembed.batch AS o ON o.migration = r.migration AND o.id = r.batch AND o.state = 'pending'
      JOIN reembed.provider_batch AS p ON p.id = o.provider_batch AND p.id <> $5 AND p.state IN ('submitting', 'submitted')
     WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND %2$s IS NULL
     LIMIT 1
  $q$, t.relation, reembed.vector_sql(t.name, 'new'), reembed.row_text_sql(t.name))
    INTO v_provider_batch USING b.first_block, b.last_block + 1, p_migration, p_batch, p_other_than;
  RETURN v_provider_batch;
END;
$$;
COMMENT ON FUNCTION reembed.provider_batch_of_repeated IS 'Another provider batch that has a text embedded which a row of this batch of the ledger waits for; null when there is none.';
