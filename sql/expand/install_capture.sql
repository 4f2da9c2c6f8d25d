-- Writes the trigger functions of a target for the phase it is in, and puts its triggers on.
CREATE OR REPLACE FUNCTION reembed.install_capture(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_text_changed text;
  v_when_text text;
  v_key_changed text;
  v_function regprocedure;
  v_trigger record;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  IF NOT EXISTS (SELECT FROM reembed.vector_column WHERE target = t.name) THEN
    PERFORM reembed.drop_capture(t.name);
    FOR v_function IN
      SELECT p.oid FROM pg_proc AS p
       WHERE p.pronamespace = 'reembed'::regnamespace
         AND p.proname IN (SELECT w || reembed.capture_suffix(t.name) FROM unnest(ARRAY['note_', 'clear_', 'follow_', 'late_', 'text_']) AS w)
    LOOP
      EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
    RETURN;
  END IF;

  SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', k), ' OR ') INTO v_key_changed FROM unnest(t.key_columns) AS k;
  IF cardinality(t.text_columns) > 0
     AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.relation AND a.attname = ANY (t.text_columns) AND a.attgenerated <> '') THEN
    -- COLLATE "C": two texts that a nondeterministic collation calls equal are still two texts.
    SELECT string_agg(format('OLD.%1$I::text COLLATE "C" IS DISTINCT FROM NEW.%1$I::text COLLATE "C"', c), ' OR ') INTO v_text_changed FROM unnest(t.text_columns) AS c;
    v_when_text := v_text_changed;
  ELSE
    PERFORM reembed.install_text_function(t.name);
    v_text_changed := format('reembed.text_differs(%s, %s)', reembed.text_call_sql(t.name, 'OLD'), reembed.text_call_sql(t.name, 'NEW'));
    -- In a WHEN clause the function would run with the application's rights, which do not reach this schema; but most
    -- updates leave alone what the text is made of, and that can be seen there.
    v_when_text := reembed.text_may_change_sql(t.name);
  END IF;
  PERFORM reembed.write_note_function(t.name, v_text_changed, v_key_changed);
  PERFORM reembed.write_clear_function(t.name, v_text_changed);
  PERFORM reembed.write_follow_function(t.name);

  IF (SELECT array_agg(w.name ORDER BY w.name) FROM reembed.capture_triggers(t.name) AS w) IS DISTINCT FROM
     (SELECT array_agg(g.tgname ORDER BY g.tgname) FROM pg_trigger AS g WHERE g.tgrelid = t.relation AND g.tgname IN (
        SELECT format('zz_reembed_%s_%s', what, left(t.column_name, 39)) FROM unnest(ARRAY['note_insert', 'note_update', 'clear_stale', 'note_delete', 'note_truncate']) AS what)) THEN
    PERFORM reembed.drop_capture(t.name);
    FOR v_trigger IN SELECT * FROM reembed.capture_triggers(t.name) LOOP
      EXECUTE format('CREATE TRIGGER %I %s ON %s FOR EACH %s EXECUTE FUNCTION reembed.%I()', v_trigger.name, v_trigger.event, t.relation,
                     CASE v_trigger.event WHEN 'AFTER TRUNCATE' THEN 'STATEMENT'
                                          WHEN 'AFTER UPDATE' THEN format('ROW WHEN (%s OR %s)', v_when_text, v_key_changed)
                                          WHEN 'BEFORE UPDATE' THEN format('ROW WHEN (%s)', v_when_text) ELSE 'ROW' END,
                     v_trigger.trigger_function);
      -- ALWAYS: rows that arrive by logical replication are captured too.
      EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation, v_trigger.name);
      EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', v_trigger.name, t.relation, 'pg-reembed: notes changed rows, so that their vectors are brought up to date.');
    END LOOP;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.install_capture IS 'Puts the triggers that note live writes on a target, or takes them away when no campaign is left.';
