CREATE OR REPLACE FUNCTION reembed.end_restore(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  UPDATE reembed.campaign SET archive = NULL WHERE name = p_name;
  IF m.from_relation IS NULL THEN
    EXECUTE reembed.render('DROP FUNCTION reembed.restore_{suffix}(integer), reembed.leave_out_{suffix}(), reembed.archive_is_empty_{suffix}(); DROP TABLE reembed.{archive}',
                           (SELECT jsonb_build_object('suffix', t.suffix, 'archive', quote_ident(m.archive)) FROM reembed.target AS t WHERE t.name = m.target));
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.end_restore IS 'Drops the archive when all of its vectors are restored.';
