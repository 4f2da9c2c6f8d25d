-- Writes the trigger functions of a target for the phase it is in. The bodies name their columns, so that a write of
-- the application pays for two comparisons and one small insert and never for a look at the settings.
CREATE OR REPLACE FUNCTION reembed.install_capture(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $install$
DECLARE
  t reembed.target;
  v_suffix text;
  v_note text;
  v_clear text;
  v_vector_schema text := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
  v_text_changed text;
  v_key_changed text;
  v_when_text text;
  v_guard_text text := '';
  v_guard_note text := '';
  v_has_generated_text boolean;
  v_clearing text;
  v_needs_new text;
  v_needs_old text;
  v_needs_old_on_insert text;
  v_new_column name;
  v_old_column name;
  v_trigger record;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  v_suffix := left(regexp_replace(lower(t.name), '[^a-z0-9]+', '_', 'g'), 36) || '_' || left(md5(t.name), 6);
  v_note := 'note_' || v_suffix;
  v_clear := 'clear_' || v_suffix;

  SELECT column_name INTO v_new_column FROM reembed.vector_column WHERE target = t.name AND role = 'new';
  IF NOT FOUND THEN
    FOR v_trigger IN
      SELECT tgname FROM pg_trigger
       WHERE tgrelid = t.relation AND NOT tgisinternal AND tgfoid IN (to_regproc(format('reembed.%I', v_note)), to_regproc(format('reembed.%I', v_clear)))
    LOOP
      EXECUTE format('DROP TRIGGER %I ON %s', v_trigger.tgname, t.relation);
    END LOOP;
    EXECUTE format('DROP FUNCTION IF EXISTS reembed.%I(), reembed.%I(), reembed.%I(%s)', v_note, v_clear, 'text_' || v_suffix, t.relation);
    RETURN;
  END IF;
  SELECT column_name INTO v_old_column FROM reembed.vector_column WHERE target = t.name AND role = 'old' AND is_maintained;

  SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', k), ' OR ') INTO v_key_changed FROM unnest(t.key_columns) AS k;
  IF cardinality(t.text_columns) > 0 THEN
    SELECT string_agg(format('OLD.%1$I::text IS DISTINCT FROM NEW.%1$I::text', c), ' OR ') INTO v_text_changed FROM unnest(t.text_columns) AS c;
    v_when_text := v_text_changed;
  ELSE
    v_text_changed := format('reembed.%I(OLD) IS DISTINCT FROM reembed.%I(NEW)', 'text_' || v_suffix, 'text_' || v_suffix);
    -- An expression may fail on some row; the application's write must not. The worker meets the same error and records it.
    EXECUTE format($body$
      CREATE OR REPLACE FUNCTION reembed.%I(p_row %s) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS $f$
      BEGIN
        RETURN (SELECT (%s)::text FROM (SELECT p_row.*) AS t);
      EXCEPTION WHEN OTHERS THEN
        RETURN gen_random_uuid()::text;
      END $f$
    $body$, 'text_' || v_suffix, t.relation, t.text_sql);
    EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I FROM PUBLIC', 'text_' || v_suffix);
    -- In a WHEN clause the function would run with the application's rights, which do not reach this schema.
    v_when_text := 'true';
    v_guard_text := format(' IF NOT (%s) THEN RETURN NEW; END IF;', v_text_changed);
    v_guard_note := format(' IF NOT (%s OR %s) THEN RETURN NULL; END IF;', v_text_changed, v_key_changed);
  END IF;

  -- "Not written by this statement": an application that stores its own vector with the new text keeps it.
  v_needs_new := format('NEW.%1$I IS NULL OR (%2$s) AND NEW.%1$I OPERATOR(%3$I.=) OLD.%1$I', v_new_column, v_text_changed, v_vector_schema);
  v_needs_old := 'false';
  v_needs_old_on_insert := 'false';
  IF v_old_column IS NOT NULL THEN
    v_needs_old := format('NEW.%1$I IS NULL OR (%2$s) AND NEW.%1$I OPERATOR(%3$I.=) OLD.%1$I', v_old_column, v_text_changed, v_vector_schema);
    v_needs_old_on_insert := format('NEW.%I IS NULL', v_old_column);
  END IF;

  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    DECLARE
      v_needs_new boolean;
      v_needs_old boolean;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        v_needs_new := NEW.%2$I IS NULL;
        v_needs_old := %3$s;
      ELSE%8$s
        v_needs_new := coalesce(%4$s, true);
        v_needs_old := coalesce(%5$s, true);
      END IF;
      IF v_needs_new OR v_needs_old THEN
        INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old)
        VALUES (%6$L, %7$s, v_needs_new, v_needs_old)
        ON CONFLICT (target, key) DO UPDATE
          SET needs_new = s.needs_new OR excluded.needs_new, needs_old = s.needs_old OR excluded.needs_old,
              version = excluded.version, noted_at = excluded.noted_at;
      END IF;
      RETURN NULL;
    END $f$
  $body$, v_note, v_new_column, v_needs_old_on_insert, v_needs_new, v_needs_old, t.name, reembed.key_sql(t.name, 'NEW'), v_guard_note);

  -- The model nobody reads loses the outdated vector at once. The one being read keeps it until the worker brings the
  -- new one, because without a vector the row would drop out of search.
  SELECT string_agg(format($body$
      IF NEW.%1$I OPERATOR(%2$I.=) OLD.%1$I THEN
        NEW.%1$I := NULL;%3$s
      END IF;$body$, v.column_name, v_vector_schema, CASE WHEN v.version_column IS NOT NULL THEN format(' NEW.%I := NULL;', v.version_column) ELSE '' END), '')
    INTO v_clearing
    FROM reembed.vector_column AS v
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = v.column_name
   WHERE v.target = t.name AND NOT v.is_read AND v.is_maintained AND NOT a.attnotnull;
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    BEGIN%s%s
      RETURN NEW;
    END $f$
  $body$, v_clear, v_guard_text, coalesce(v_clearing, ''));
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I(), reembed.%I() FROM PUBLIC', v_note, v_clear);

  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.relation AND tgfoid = to_regproc(format('reembed.%I', v_note))) THEN
    -- zz_: after the application's own triggers, which may still change the text. ALWAYS: rows that arrive by logical
    -- replication are captured too.
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION reembed.%I()', 'zz_reembed_note_insert_' || left(t.column_name, 39), t.relation, v_note);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s OR %s) EXECUTE FUNCTION reembed.%I()', 'zz_reembed_note_update_' || left(t.column_name, 39), t.relation, v_when_text, v_key_changed, v_note);
    -- A generated text column has no value yet before the row is written; then only the note is made.
    SELECT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.relation AND a.attname = ANY (t.text_columns) AND a.attgenerated <> '')
      INTO v_has_generated_text;
    IF NOT v_has_generated_text THEN
      EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION reembed.%I()', 'zz_reembed_clear_stale_' || left(t.column_name, 39), t.relation, v_when_text, v_clear);
    END IF;
    FOR v_trigger IN
      SELECT tgname FROM pg_trigger
       WHERE tgrelid = t.relation AND tgfoid IN (to_regproc(format('reembed.%I', v_note)), to_regproc(format('reembed.%I', v_clear)))
    LOOP
      EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation, v_trigger.tgname);
    END LOOP;
  END IF;
END;
$install$;
COMMENT ON FUNCTION reembed.install_capture IS 'Puts the triggers that note live writes on a target, or takes them away when no campaign is left.';
