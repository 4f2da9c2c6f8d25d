-- Copies the old vectors without a lock on the table, however long it takes. A trigger logs changes meanwhile, so that only those rows are read under the
-- final lock. A second run continues with what is there.
CREATE OR REPLACE FUNCTION reembed.begin_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
SET default_tablespace = ''
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_names jsonb;
  v_template text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF m.phase = 'contract'
     OR to_regclass(format('reembed.late_%s', t.suffix)) IS NOT NULL
        AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = t.relation AND g.tgname = 'zz_reembed_late_' || t.suffix AND g.tgenabled = 'A') THEN
    RETURN;
  END IF;
  -- Recreates the trigger even if an abandoned one exists: the lock of CREATE TRIGGER waits for all writes that the trigger does not see.
  PERFORM reembed.end_archive(p_name);
  PERFORM set_config('default_tablespace', coalesce((SELECT b.spcname FROM pg_class AS c JOIN pg_tablespace AS b ON b.oid = c.reltablespace WHERE c.oid = t.relation AND has_tablespace_privilege(b.oid, 'CREATE')), ''), true);
  v_names := reembed.target_names(m.target) || reembed.archive_names(p_name);
  EXECUTE reembed.render('DROP TABLE IF EXISTS {archive}', v_names);
  FOR v_template IN
    SELECT p.body FROM (VALUES (1, 'archive', true), (2, 'late', true), (3, 'late_part', t.part <> ''), (4, 'archive_rows', true)) AS w(step, name, is_wanted)
      JOIN reembed.template AS p ON p.name = w.name WHERE w.is_wanted ORDER BY w.step
  LOOP
    EXECUTE reembed.render(v_template, v_names);
  END LOOP;
  PERFORM reembed.give_to_owner(m.target);
  UPDATE reembed.leaf SET archived_at = NULL WHERE target = m.target;
END;
$$;
COMMENT ON FUNCTION reembed.begin_archive IS 'Creates the empty archive of the old vectors in the tablespace of the table, and the trigger that logs which rows change from now on.';
