-- The model nobody reads loses the outdated vector at once. The one being read keeps it until the worker brings the new
-- one, because without a vector the row would drop out of search.
CREATE OR REPLACE FUNCTION reembed.write_clear_function(p_target text, p_text_changed text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $write$
DECLARE
  t reembed.target;
  v_name name := 'clear_' || reembed.capture_suffix(p_target);
  v_clearing text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT string_agg(format($body$
      IF %1$s THEN
        NEW.%2$I := NULL;%3$s
      END IF;$body$, reembed.is_unwritten_sql(v.column_name), v.column_name,
           CASE WHEN v.version_column IS NOT NULL THEN format(' NEW.%I := NULL;', v.version_column) ELSE '' END), '')
    INTO v_clearing
    FROM reembed.vector_column AS v
    JOIN pg_attribute AS a ON a.attrelid = v.relation AND a.attname = v.column_name
   WHERE v.target = t.name AND NOT v.is_read AND NOT v.is_side_table AND NOT a.attnotnull;
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    BEGIN%s%s
      RETURN NEW;
    END $f$
  $body$, v_name, CASE WHEN reembed.text_call_sql(t.name, 'OLD') IS NOT NULL AND v_clearing IS NOT NULL THEN format(' IF NOT (%s) THEN RETURN NEW; END IF;', p_text_changed) ELSE '' END,
    coalesce(v_clearing, ''));
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I() FROM PUBLIC', v_name);
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_name, format('Takes the outdated vector of the model nobody reads out of a changed row of %s.', t.name));
END;
$write$;
COMMENT ON FUNCTION reembed.write_clear_function IS 'Writes the trigger function that takes outdated vectors out of a target''s own columns.';
