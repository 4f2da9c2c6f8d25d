CREATE OR REPLACE FUNCTION reembed.purge(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO m FROM reembed.campaign WHERE name = p_name FOR UPDATE;
  IF NOT FOUND OR m.archive IS NULL THEN
    RAISE EXCEPTION '% has no archive to purge', p_name
      USING ERRCODE = 'RE001', HINT = 'Archives: ' || coalesce((SELECT string_agg(name, ', ') FROM reembed.campaign WHERE archive IS NOT NULL), 'none');
  END IF;
  IF m.moving = 'into_column' THEN
    RAISE EXCEPTION 'contract of % is not finished', p_name USING ERRCODE = 'RE001', HINT = 'Finish it first: npm run migrate up';
  ELSIF m.phase <> 'contract' OR m.moving IS NOT NULL THEN
    RAISE EXCEPTION 'the archive of % is being restored', p_name USING ERRCODE = 'RE001', HINT = 'Finish the rollback first: npm run migrate down';
  END IF;
  EXECUTE reembed.render('DROP TABLE reembed.{archive}', jsonb_build_object('archive', quote_ident(m.archive)));
  UPDATE reembed.campaign SET archive = NULL, from_relation = NULL, purged_at = now() WHERE name = p_name;
  -- The campaign that created the side table that is now dropped.
  UPDATE reembed.campaign SET to_relation = NULL WHERE target = m.target AND to_relation = m.from_relation;
  DELETE FROM reembed.judge_grade WHERE target = m.target;
  INSERT INTO reembed.event (target, campaign, kind, from_value) VALUES (m.target, p_name, 'purge', m.archive);
END;
$$;
COMMENT ON FUNCTION reembed.purge IS 'Drops the archive of the old vectors and the stored grades of chat models. The only step that cannot be rolled back.';
