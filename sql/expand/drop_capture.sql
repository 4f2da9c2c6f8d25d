CREATE OR REPLACE FUNCTION reembed.drop_capture(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT format('DROP TRIGGER %I ON %s', g.tgname, t.relation)
      FROM reembed.target AS t
      JOIN pg_trigger AS g ON g.tgrelid = t.relation AND NOT g.tgisinternal
      JOIN pg_proc AS p ON p.oid = g.tgfoid AND p.pronamespace = 'reembed'::regnamespace
     WHERE t.name = p_target AND p.proname IN (SELECT w || reembed.capture_suffix(t.name) FROM unnest(ARRAY['note_', 'clear_', 'follow_', 'late_']) AS w)
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_capture IS 'Takes the triggers off a target, because no campaign is left or its text is another one; install_capture() puts them on again.';
