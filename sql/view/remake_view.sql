-- A switch must always succeed, above all a rollback. What depends on the view is created again; if that is impossible, it stays on the former view, which
-- gets another name.
CREATE OR REPLACE FUNCTION reembed.remake_view(p_view regclass, p_definition text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
SET check_function_bodies = off
AS $$
DECLARE
  v_view constant text := p_view::text;
  v_names jsonb;
  v_owner name;
  v_grants text[] := reembed.view_grants(p_view);
  v_again text[];
  v_statement text;
BEGIN
  BEGIN
    EXECUTE p_definition;
    RETURN;
  EXCEPTION WHEN invalid_table_definition THEN
    -- A column has another type, name or place.
    NULL;
  END;
  SELECT pg_get_userbyid(c.relowner), jsonb_build_object('view', v_view, 'former', quote_ident(left(c.relname, 40) || '_until_' || to_char(now(), 'YYYYMMDD_HH24MISS')))
    INTO STRICT v_owner, v_names FROM pg_class AS c WHERE c.oid = p_view;
  BEGIN
    SELECT array_agg(s.statement ORDER BY d.depth, d.objid, s.place) INTO v_again
      FROM reembed.view_dependents(p_view) AS d CROSS JOIN LATERAL unnest(reembed.recreation(d.classid, d.objid)) WITH ORDINALITY AS s(statement, place);
    FOR v_statement IN
      SELECT CASE d.classid WHEN 'pg_proc'::regclass THEN format('DROP ROUTINE %s', d.objid::regprocedure) ELSE format('DROP VIEW %s', d.objid::regclass) END
        FROM reembed.view_dependents(p_view) AS d WHERE reembed.recreation(d.classid, d.objid) IS NOT NULL ORDER BY d.depth DESC, d.objid
    LOOP
      EXECUTE v_statement;
    END LOOP;
    EXECUTE reembed.render('DROP VIEW {view}', v_names);
    EXECUTE p_definition;
    FOREACH v_statement IN ARRAY coalesce(v_again, '{}') LOOP
      EXECUTE v_statement;
    END LOOP;
  EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
      RAISE;
    WHEN OTHERS THEN
      RAISE WARNING 'objects that depend on % stay on its former definition: %', v_view, SQLERRM
        USING HINT = reembed.render('Change them to read {view}, then drop the former view.', v_names);
      EXECUTE reembed.render('ALTER VIEW {view} RENAME TO {former}', v_names);
      EXECUTE p_definition;
  END;
  PERFORM reembed.give_view(v_view::regclass, v_owner);
  FOREACH v_statement IN ARRAY v_grants LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.remake_view IS 'Replaces a view by a definition that may have other columns; keeps owner, grants, and the views and functions that depend on it.';
