-- The body names its columns, so that a write of the application pays for two comparisons and one small insert and never
-- for a look at the settings. Notes are only added, so that no write ever waits for another's.
CREATE OR REPLACE FUNCTION reembed.write_note_function(p_target text, p_text_changed text, p_key_changed text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $write$
DECLARE
  v_name name := 'note_' || reembed.capture_suffix(p_target);
  v_needs_new_on_insert text := 'false';
  v_needs_old_on_insert text := 'false';
  v_needs_new text := 'false';
  v_needs_old text := 'false';
  v_lacking text := 'false';
  v_following text := '';
  v_moving text := '';
  v_new_model text;
  v_old_model text;
  v record;
  t reembed.target;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  -- Also of an old model that cannot be called: the worker then puts on record that the row's old vector is of a former text.
  FOR v IN SELECT * FROM reembed.vector_column WHERE target = p_target LOOP
    IF v.role = 'new' THEN
      v_new_model := v.model;
      v_needs_new_on_insert := CASE WHEN v.is_side_table THEN 'true' ELSE format('NEW.%I IS NULL', v.column_name) END;
      v_needs_new := CASE WHEN v.is_side_table THEN 'v_text_changed'
                          ELSE format('coalesce(NEW.%1$I IS NULL OR v_text_changed AND %2$s, true)', v.column_name, reembed.is_unwritten_sql(v.column_name)) END;
      v_lacking := CASE WHEN v.is_side_table THEN 'false' ELSE format('OLD.%1$I IS NOT NULL AND NEW.%1$I IS NULL', v.column_name) END;
    ELSE
      v_old_model := v.model;
      v_needs_old_on_insert := CASE WHEN v.is_side_table THEN 'true' ELSE format('NEW.%I IS NULL', v.column_name) END;
      v_needs_old := CASE WHEN v.is_side_table THEN 'v_text_changed'
                          ELSE format('coalesce(NEW.%1$I IS NULL OR v_text_changed AND %2$s, true)', v.column_name, reembed.is_unwritten_sql(v.column_name)) END;
    END IF;
    IF v.is_side_table THEN
      -- One statement may move many rows into one another's places, and this runs when all of them have moved: what stands
      -- under the old key is this row's own if no row has that key any more, or if it is of this row's text. Under an older
      -- snapshot there may be a vector under the new key that it does not see.
      v_moving := v_moving || format($body$
          UPDATE %1$s AS side SET (%2$s) = ROW(%3$s)
           WHERE %4$s AND (NOT EXISTS (SELECT FROM %5$s AS t WHERE %6$s) OR side.text_hash = reembed.text_hash(%7$s))
             AND NOT EXISTS (SELECT FROM %1$s AS side WHERE %8$s) AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable');
          IF NOT FOUND THEN
            DELETE FROM %1$s AS side WHERE %4$s AND NOT EXISTS (SELECT FROM %5$s AS t WHERE %6$s);
            %9$s := true;
          END IF;$body$, v.relation, reembed.key_columns_sql(p_target), reembed.key_columns_sql(p_target, 'NEW'), reembed.same_key_sql(p_target, 'side', 'OLD'),
        t.relation, reembed.same_key_sql(p_target, 't', 'OLD'), coalesce(reembed.text_call_sql(p_target, 'OLD'), format('(SELECT (%s)::text FROM (SELECT OLD.*) AS t)', t.text_sql)),
        reembed.same_key_sql(p_target, 'side', 'NEW'), 'v_needs_' || v.role);
      IF NOT v.is_read THEN
        v_following := v_following || format($body$
        IF v_text_changed THEN
          DELETE FROM %1$s AS side WHERE %2$s;
        END IF;$body$, v.relation, reembed.same_key_sql(p_target, 'side', 'NEW'));
      END IF;
    END IF;
  END LOOP;

  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp %2$s AS $f$
    DECLARE
      v_text_changed boolean;
      v_key_changed boolean;
      v_needs_new boolean;
      v_needs_old boolean;
      v_has_failed boolean;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        v_needs_new := %3$s;
        v_needs_old := %4$s;
      ELSE
        v_text_changed := %5$s;
        v_key_changed := %6$s;%7$s
        v_needs_new := %8$s;
        v_needs_old := %9$s;
        IF v_key_changed THEN
          -- What waited, or failed, under the old key waits on under the new one.
          SELECT v_needs_new OR coalesce(bool_or(w.needs_new), false), v_needs_old OR coalesce(bool_or(w.needs_old), false), coalesce(bool_or(w.has_failed), false)
            INTO v_needs_new, v_needs_old, v_has_failed
            FROM (SELECT s.needs_new, s.needs_old, false AS has_failed FROM reembed.stale_row AS s WHERE s.target IS NOT DISTINCT FROM %10$L AND s.key = %11$s
                  UNION ALL
                  SELECT f.model = %15$L, f.model = %16$L, true FROM reembed.failed_row AS f WHERE f.target IS NOT DISTINCT FROM %10$L AND f.key = %11$s) AS w;
          IF v_has_failed THEN
            -- The worker finds no row under the old key, and forgets the failure.
            INSERT INTO reembed.stale_row (target, key, needs_new, needs_old) VALUES (%10$L, %11$s, false, false);
          END IF;%13$s
        END IF;%14$s
      END IF;
      IF v_needs_new OR v_needs_old THEN
        INSERT INTO reembed.stale_row (target, key, needs_new, needs_old) VALUES (%10$L, %12$s, v_needs_new, v_needs_old);
      END IF;
      RETURN NULL;
    END $f$
  $body$, v_name, reembed.key_settings(p_target), v_needs_new_on_insert, v_needs_old_on_insert, p_text_changed, p_key_changed,
    CASE WHEN reembed.text_call_sql(p_target, 'OLD') IS NOT NULL THEN format(' IF NOT (v_text_changed OR v_key_changed OR %s) THEN RETURN NULL; END IF;', v_lacking) ELSE '' END,
    v_needs_new, v_needs_old, p_target, reembed.key_sql(p_target, 'OLD'), reembed.key_sql(p_target, 'NEW'), v_moving, v_following,
    v_new_model, v_old_model);
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I() FROM PUBLIC', v_name);
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_name, format('Notes the rows of %s that need a vector in reembed.stale_row.', p_target));
END;
$write$;
COMMENT ON FUNCTION reembed.write_note_function IS 'Writes the trigger function that notes changed rows of a target.';
