-- Without CASCADE: what else reads the side table is named in the error and not dropped.
CREATE OR REPLACE FUNCTION reembed.finish_part_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_missing text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  SELECT string_agg(p.final_name, ', ') INTO v_missing
    FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.name IS NOT NULL AND reembed.valid_index(t.relation, p.final_name) IS NULL;
  IF v_missing IS NOT NULL THEN
    RAISE EXCEPTION 'index % of % is missing or INVALID', v_missing, t.relation USING ERRCODE = 'RE001', HINT = 'Run again: npm run migrate up';
  END IF;
  PERFORM reembed.end_moving(p_name, true);
  UPDATE reembed.campaign SET to_relation = NULL, to_attnum = from_attnum, to_version_attnum = NULL WHERE name = p_name;
  PERFORM reembed.compile_target(t.name);
  PERFORM reembed.replace_views(t.name);
  EXECUTE reembed.render('DROP TABLE {side}', jsonb_build_object('side', m.to_relation::text));
END;
$$;
COMMENT ON FUNCTION reembed.finish_part_contract IS 'Ends the contract of a part: the live view reads the column, and the side table is dropped.';
