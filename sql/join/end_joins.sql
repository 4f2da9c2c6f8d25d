-- When the joins of a target change: nothing may be lost that their logs still hold. The lock makes open transactions end first and keeps others from adding.
CREATE OR REPLACE FUNCTION reembed.end_joins(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  PERFORM reembed.lock_writes(j.relation) FROM reembed.target AS t CROSS JOIN LATERAL unnest(t.joined_tables) AS j WHERE t.name = p_target ORDER BY j.relation;
  WHILE reembed.expand_joins(p_target) > 0 LOOP
  END LOOP;
  FOR v_statement IN
    WITH function AS (
      SELECT p.oid FROM reembed.compiled_functions(p_target) AS p WHERE p.proname ~ '^(log_join_[a-z]+|join_value|join_differs|expand_join)_[1-9]_'
    )
    SELECT w.statement
      FROM (SELECT 1 AS step, format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::regclass) AS statement FROM pg_trigger AS g JOIN function AS p ON p.oid = g.tgfoid
            UNION ALL
            SELECT 2, format('DROP FUNCTION %s', p.oid::regprocedure) FROM function AS p) AS w
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
  PERFORM reembed.drop_join_logs(p_target);
END;
$$;
COMMENT ON FUNCTION reembed.end_joins IS 'Reads the change logs of the joined tables of a target to their end, and drops them and their triggers.';
