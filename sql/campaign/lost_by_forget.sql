CREATE OR REPLACE FUNCTION reembed.lost_by_forget(p_target text, OUT target text, OUT table_is_there boolean, OUT vectors bigint, OUT archived bigint, OUT tokens bigint, OUT usd numeric,
                                                  OUT live_view text, OUT readers text[], OUT removed text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v record;
  v_rows bigint;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target AS g WHERE g.name = reembed.find_target(p_target);
  target := t.name;
  table_is_there := EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation);
  vectors := 0;
  archived := 0;
  removed := '{}';
  FOR v IN SELECT * FROM reembed.own_vectors(t.name) LOOP
    EXECUTE reembed.render('SELECT count({column}) FROM {relation}', jsonb_build_object('column', quote_ident(v.column_name), 'relation', v.relation::text)) INTO v_rows;
    vectors := vectors + v_rows;
    removed := removed || CASE v.storage WHEN 'column' THEN format('column %s.%I', v.relation, v.column_name) ELSE format('table %s', v.relation) END;
  END LOOP;
  FOR v IN SELECT c.oid::regclass AS archive FROM reembed.campaign AS m JOIN pg_class AS c ON c.relname = m.archive AND c.relnamespace = 'reembed'::regnamespace WHERE m.target = t.name LOOP
    EXECUTE reembed.render('SELECT count(*) FROM {archive}', jsonb_build_object('archive', v.archive::text)) INTO v_rows;
    archived := archived + v_rows;
    removed := removed || format('table %s', v.archive);
  END LOOP;
  SELECT p.tokens, p.cost_usd INTO tokens, usd FROM reembed.progress AS p WHERE p.target = t.name AND p.phase <> 'contract';
  IF table_is_there THEN
    SELECT c.oid::regclass INTO live_view FROM pg_class AS c WHERE c.oid = to_regclass(format('%I.%I', reembed.view_schema(t.name), t.live_view));
    removed := removed || ARRAY(SELECT format('view %s', c.oid::regclass)
                                  FROM (SELECT t.live_view AS name UNION SELECT reembed.model_view_name(t.name, w.model) FROM reembed.vector_column AS w WHERE w.target = t.name) AS n
                                  JOIN pg_class AS c ON c.oid = to_regclass(format('%I.%I', reembed.view_schema(t.name), n.name)) ORDER BY 1)
                       || ARRAY(SELECT format('trigger %I', g.name) FROM reembed.capture_triggers(t.name) AS g ORDER BY 1);
  END IF;
  readers := ARRAY(SELECT r FROM reembed.view_readers(t.name) AS r WHERE live_view IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION reembed.lost_by_forget IS 'What forget() removes for good: vectors with what they cost, archived vectors, and the live view with those who are known to read it.';
