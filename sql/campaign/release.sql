CREATE OR REPLACE FUNCTION reembed.release(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  t reembed.target;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = reembed.resolve_target(p_target);
  IF EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = t.name AND m.phase <> 'contract') THEN
    RAISE EXCEPTION 'a campaign is running on %', t.name USING ERRCODE = 'RE001', HINT = 'Finish it, or take it down with: npm run migrate down';
  ELSIF EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = t.name AND m.archive IS NOT NULL) THEN
    RAISE EXCEPTION 'the old vectors of % are still archived', t.name USING ERRCODE = 'RE001', HINT = 'Delete them with npm run purge. A rollback is impossible afterwards.';
  ELSIF EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.storage = 'side_table') THEN
    RAISE EXCEPTION 'the vectors of % are in a side table, which only workers update', t.name
      USING ERRCODE = 'RE001', HINT = 'Create a campaign with --storage column first.';
  END IF;
  PERFORM reembed.release_objects(t.name);
END;
$$;
COMMENT ON FUNCTION reembed.release IS 'Drops every object of pg-reembed from a target after contract, including its views, and forgets it.';
