CREATE OR REPLACE FUNCTION reembed.abandon_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  v_names jsonb := reembed.archive_names(p_name) || (SELECT jsonb_build_object('suffix', t.suffix) FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name);
BEGIN
  IF to_regclass(v_names ->> 'late') IS NOT NULL THEN
    EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'archive_ended'), v_names);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.abandon_archive IS 'Drops the archive of a contract that was started and not finished.';
