-- Writes the trigger functions of a target for the phase it is in. The bodies name their columns, so that a write of
-- the application pays for two comparisons and one small insert and never for a look at the settings.
CREATE OR REPLACE FUNCTION reembed.install_capture(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $install$
DECLARE
  t reembed.target;
  v_note text := 'note_' || reembed.capture_suffix(p_target);
  v_clear text := 'clear_' || reembed.capture_suffix(p_target);
  v_text text := 'text_' || reembed.capture_suffix(p_target);
  v_vector_schema text := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
  -- A vector that an update leaves alone keeps its place in the TOAST table; told by that, it need not be read, which
  -- is most of what these triggers would cost. (Not for the text: a longer WHEN costs each statement more than it saves.)
  v_other_place text := CASE WHEN current_setting('server_version_num')::integer >= 170000
                             THEN 'pg_column_toast_chunk_id(OLD.%1$I) IS DISTINCT FROM pg_column_toast_chunk_id(NEW.%1$I) OR pg_column_toast_chunk_id(NEW.%1$I) IS NULL'
                             ELSE 'true' END;
  v_generated text;
  v_text_changed text;
  v_key_changed text;
  v_when_text text;
  v_guard_text text := '';
  v_guard_note text := '';
  v_clearing text;
  v_unwritten text;
  v_needs_old text := 'false';
  v_needs_old_on_insert text := 'false';
  v_new_column name;
  v_old_column name;
  v_trigger record;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT column_name INTO v_new_column FROM reembed.vector_column WHERE target = t.name AND role = 'new';
  IF NOT FOUND THEN
    PERFORM reembed.drop_capture(t.name);
    EXECUTE format('DROP FUNCTION IF EXISTS reembed.%I(), reembed.%I(), reembed.%I(%s)', v_note, v_clear, v_text, t.relation);
    RETURN;
  END IF;
  -- Also of an old model that cannot be called: the worker then puts on record that the row's old vector is of a former text.
  SELECT column_name INTO v_old_column FROM reembed.vector_column WHERE target = t.name AND role = 'old';

  SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', k), ' OR ') INTO v_key_changed FROM unnest(t.key_columns) AS k;

  -- Generated columns have no value in a trigger function: stored ones not before the row is written, virtual ones never.
  SELECT string_agg(format('%L, (%s)', a.attname, pg_get_expr(d.adbin, d.adrelid)), ', ') INTO v_generated
    FROM pg_attribute AS a JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = t.relation AND a.attgenerated <> ''
     AND (a.attname = ANY (t.text_columns) OR cardinality(t.text_columns) = 0);

  IF cardinality(t.text_columns) > 0 AND v_generated IS NULL THEN
    -- COLLATE "C": two texts that a nondeterministic collation calls equal are still two texts.
    SELECT string_agg(format('OLD.%1$I::text COLLATE "C" IS DISTINCT FROM NEW.%1$I::text COLLATE "C"', c), ' OR ') INTO v_text_changed FROM unnest(t.text_columns) AS c;
    v_when_text := v_text_changed;
  ELSE
    v_text_changed := format('reembed.%1$I(OLD) IS DISTINCT FROM reembed.%1$I(NEW)', v_text);
    -- An expression may fail on some row; the application's write must not. The worker meets the same error and records it.
    EXECUTE format($body$
      CREATE OR REPLACE FUNCTION reembed.%I(p_row %s) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS $f$
      BEGIN
        RETURN (SELECT (%s)::text FROM %s AS t);
      EXCEPTION WHEN OTHERS THEN
        RETURN gen_random_uuid()::text;
      END $f$
    $body$, v_text, t.relation, t.text_sql,
      CASE WHEN v_generated IS NULL THEN '(SELECT p_row.*)'
           ELSE format('jsonb_populate_record(p_row, (SELECT jsonb_build_object(%s) FROM (SELECT p_row.*) AS p))', v_generated) END);
    EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I FROM PUBLIC', v_text);
    EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_text, format('The text of a row of %s, for its triggers to compare.', t.name));
    -- In a WHEN clause the function would run with the application's rights, which do not reach this schema.
    v_when_text := 'true';
    v_guard_text := format(' IF NOT (%s) THEN RETURN NEW; END IF;', v_text_changed);
    v_guard_note := format(' IF NOT (v_text_changed OR v_key_changed OR OLD.%1$I IS NOT NULL AND NEW.%1$I IS NULL) THEN RETURN NULL; END IF;', v_new_column);
  END IF;

  -- "Not written by this statement": an application that stores its own vector with the new text keeps it.
  v_unwritten := 'coalesce(NEW.%1$I IS NULL OR v_text_changed AND (NOT (' || v_other_place || ') OR NEW.%1$I OPERATOR(%2$I.=) OLD.%1$I), true)';
  IF v_old_column IS NOT NULL THEN
    v_needs_old := format(v_unwritten, v_old_column, v_vector_schema);
    v_needs_old_on_insert := format('NEW.%I IS NULL', v_old_column);
  END IF;

  -- No lock_timeout: a note is held by our own short transactions at most, and an application that allows its locks a few
  -- milliseconds would have its write fail for them. Its statement_timeout still counts.
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET lock_timeout = 0 %12$s AS $f$
    DECLARE
      v_text_changed boolean;
      v_key_changed boolean;
      v_needs_new boolean;
      v_needs_old boolean;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        v_needs_new := NEW.%2$I IS NULL;
        v_needs_old := %3$s;
      ELSE
        v_text_changed := %4$s;
        v_key_changed := %5$s;%6$s
        v_needs_new := %7$s;
        v_needs_old := %8$s;
        IF v_key_changed THEN
          -- What waited under the old key waits on under the new one.
          SELECT v_needs_new OR coalesce(bool_or(s.needs_new), false), v_needs_old OR coalesce(bool_or(s.needs_old), false)
            INTO v_needs_new, v_needs_old FROM reembed.stale_row AS s WHERE s.target = %9$L AND s.key = %10$s;
        END IF;
      END IF;
      IF v_needs_new OR v_needs_old THEN
        INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old)
        VALUES (%9$L, %11$s, v_needs_new, v_needs_old)
        ON CONFLICT (target, key) DO UPDATE
          SET needs_new = s.needs_new OR excluded.needs_new, needs_old = s.needs_old OR excluded.needs_old,
              version = excluded.version, noted_at = excluded.noted_at;
      END IF;
      RETURN NULL;
    END $f$
  $body$, v_note, v_new_column, v_needs_old_on_insert, v_text_changed, v_key_changed, v_guard_note,
    format(v_unwritten, v_new_column, v_vector_schema), v_needs_old, t.name, reembed.key_sql(t.name, 'OLD'), reembed.key_sql(t.name, 'NEW'),
    reembed.key_settings(t.name));

  -- The model nobody reads loses the outdated vector at once. The one being read keeps it until the worker brings the
  -- new one, because without a vector the row would drop out of search.
  SELECT string_agg(format($body$
      IF NOT ($body$ || v_other_place || $body$) OR NEW.%1$I OPERATOR(%2$I.=) OLD.%1$I THEN
        NEW.%1$I := NULL;%3$s
      END IF;$body$, v.column_name, v_vector_schema, CASE WHEN v.version_column IS NOT NULL THEN format(' NEW.%I := NULL;', v.version_column) ELSE '' END), '')
    INTO v_clearing
    FROM reembed.vector_column AS v
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = v.column_name
   WHERE v.target = t.name AND NOT v.is_read AND NOT a.attnotnull;
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    BEGIN%s%s
      RETURN NEW;
    END $f$
  $body$, v_clear, v_guard_text, coalesce(v_clearing, ''));
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I(), reembed.%I() FROM PUBLIC', v_note, v_clear);
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_note, format('Notes the rows of %s that need a vector in reembed.stale_row.', t.name));
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_clear, format('Takes the outdated vector of the model nobody reads out of a changed row of %s.', t.name));

  IF (SELECT count(*) FROM pg_trigger
       WHERE tgrelid = t.relation AND tgfoid IN (to_regproc(format('reembed.%I', v_note)), to_regproc(format('reembed.%I', v_clear)))) <> 3 THEN
    PERFORM reembed.drop_capture(t.name);
    -- zz_: after the application's own triggers, which may still change the text. ALWAYS: rows that arrive by logical
    -- replication are captured too.
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION reembed.%I()', 'zz_reembed_note_insert_' || left(t.column_name, 39), t.relation, v_note);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s OR %s) EXECUTE FUNCTION reembed.%I()', 'zz_reembed_note_update_' || left(t.column_name, 39), t.relation, v_when_text, v_key_changed, v_note);
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION reembed.%I()', 'zz_reembed_clear_stale_' || left(t.column_name, 39), t.relation, v_when_text, v_clear);
    FOR v_trigger IN
      SELECT tgname FROM pg_trigger
       WHERE tgrelid = t.relation AND tgfoid IN (to_regproc(format('reembed.%I', v_note)), to_regproc(format('reembed.%I', v_clear)))
    LOOP
      EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation, v_trigger.tgname);
      EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', v_trigger.tgname, t.relation, 'pg-reembed: notes changed rows, so that their vectors are brought up to date.');
    END LOOP;
  END IF;
END;
$install$;
COMMENT ON FUNCTION reembed.install_capture IS 'Puts the triggers that note live writes on a target, or takes them away when no campaign is left.';
