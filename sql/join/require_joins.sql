CREATE OR REPLACE FUNCTION reembed.require_joins(p_relation regclass, p_joins jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_fact record;
BEGIN
  FOR v_fact IN SELECT f.* FROM reembed.join_facts(p_relation, p_joins) AS f WHERE f.refusal IS NOT NULL LOOP
    RAISE EXCEPTION '%', v_fact.reason USING ERRCODE = CASE v_fact.refusal WHEN 'join_owner' THEN 'RE006' ELSE 'RE004' END, HINT = v_fact.remedy;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.require_joins IS 'Raises an error when a table cannot be joined for the text.';
