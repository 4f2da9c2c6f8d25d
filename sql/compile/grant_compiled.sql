-- Roles that may call enqueue_work() get what a worker calls. Other grants on the former functions were made by a person and stay.
CREATE OR REPLACE FUNCTION reembed.grant_compiled(p_target text, p_functions name[], p_grantees oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT DISTINCT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, r.rolname)
      FROM reembed.target AS t
     CROSS JOIN reembed.compiled_functions(t.name) AS p
     CROSS JOIN LATERAL (
       SELECT g.grantee FROM unnest(p_functions, p_grantees) AS g(function_name, grantee) WHERE g.function_name = p.proname
       UNION
       SELECT g.grantee FROM pg_proc AS w CROSS JOIN aclexplode(w.proacl) AS g
        WHERE w.oid = 'reembed.enqueue_work()'::regprocedure AND g.privilege_type = 'EXECUTE'
          AND EXISTS (SELECT FROM reembed.compiled_for_workers() AS c WHERE p.proname = c.name || '_' || t.suffix)) AS w
      JOIN pg_roles AS r ON r.oid = w.grantee AND r.oid <> p.proowner
     WHERE t.name = p_target AND NOT has_function_privilege(r.oid, p.oid, 'EXECUTE')
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.grant_compiled IS 'Restores the former grants on the compiled functions of a target and grants workers the functions that they need.';
