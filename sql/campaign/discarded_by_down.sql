CREATE OR REPLACE FUNCTION reembed.discarded_by_down(p_name text, OUT vectors bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_column name;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  vectors := 0;
  SELECT reembed.column_name(coalesce(m.to_relation, t.relation), m.to_attnum) INTO v_column FROM reembed.target AS t WHERE t.name = m.target;
  IF v_column IS NOT NULL THEN
    EXECUTE reembed.render('SELECT count({column}) FROM {relation}', jsonb_build_object('column', quote_ident(v_column), 'relation',
      (SELECT coalesce(m.to_relation, t.relation)::text FROM reembed.target AS t WHERE t.name = m.target))) INTO vectors;
  END IF;
  SELECT p.tokens, p.cost_usd INTO tokens, usd FROM reembed.progress AS p WHERE p.campaign = p_name;
  -- The down of a later campaign leaves the view to the campaign before it.
  IF NOT EXISTS (SELECT FROM reembed.campaign AS o WHERE o.target = m.target AND o.name <> p_name) THEN
    SELECT format('%I.%I', reembed.view_schema(t.name), t.live_view) INTO live_view FROM reembed.target AS t WHERE t.name = m.target;
  END IF;
  readers := ARRAY(SELECT r FROM reembed.view_readers(m.target) AS r WHERE live_view IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION reembed.discarded_by_down IS 'What the down of phase expand removes: vectors of the new model with what they cost, and the live view with those who are known to read it; no view if an earlier campaign needs it.';
