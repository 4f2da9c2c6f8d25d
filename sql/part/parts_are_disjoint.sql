-- The planner proves it from the clauses alone, so it also holds for rows that are written later. Only functions of PostgreSQL and of extensions are in them.
CREATE OR REPLACE FUNCTION reembed.parts_are_disjoint(p_relation regclass, p_one text, p_other text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET constraint_exclusion = on
AS $$
DECLARE
  v_plan json;
BEGIN
  EXECUTE reembed.render(E'EXPLAIN (FORMAT JSON) SELECT FROM {table} AS t WHERE ({one}\n) AND ({other}\n)', jsonb_build_object('table', p_relation::text, 'one', p_one, 'other', p_other)) INTO v_plan;
  RETURN v_plan -> 0 -> 'Plan' ->> 'Node Type' = 'Result' AND v_plan -> 0 -> 'Plan' ->> 'One-Time Filter' = 'false';
END;
$$;
COMMENT ON FUNCTION reembed.parts_are_disjoint IS 'Whether PostgreSQL proves that no row satisfies both clauses.';
