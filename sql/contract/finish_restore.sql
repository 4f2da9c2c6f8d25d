-- CREATE INDEX IF NOT EXISTS accepts the INVALID index of an interrupted build, so validity is checked here.
CREATE OR REPLACE FUNCTION reembed.finish_restore(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
  v record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  FOR v IN
    SELECT c.relname AS name, c.oid::regclass AS index, i.indisvalid, k.old_index
      FROM reembed.target AS t
      JOIN pg_index AS i ON i.indrelid = t.relation
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN jsonb_array_elements(m.old_column -> 'indexes') AS k(old_index) ON k.old_index ->> 'name' = c.relname
     WHERE t.name = m.target AND m.from_relation IS NULL
  LOOP
    IF NOT v.indisvalid THEN
      RAISE EXCEPTION 'index % is INVALID', v.name USING ERRCODE = 'RE001', HINT = 'Run again: npm run migrate down';
    END IF;
    PERFORM reembed.set_index_properties(v.index, v.name, v.old_index);
  END LOOP;
  UPDATE reembed.campaign SET old_column = NULL WHERE name = p_name;
  PERFORM reembed.sample_index_scans(p_name, true), reembed.sample_statements(p_name, true);
END;
$$;
COMMENT ON FUNCTION reembed.finish_restore IS 'Finishes the rollback of contract: raises RE001 while an old index is INVALID, restores comments and statistics targets of the indexes.';
