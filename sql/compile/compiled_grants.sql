CREATE OR REPLACE FUNCTION reembed.compiled_grants(p_target text) RETURNS TABLE (function_name name, grantee oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.proname, g.grantee
    FROM reembed.compiled_functions(p_target) AS p CROSS JOIN aclexplode(p.proacl) AS g
   WHERE g.grantee NOT IN (0, p.proowner);
$$;
COMMENT ON FUNCTION reembed.compiled_grants IS 'Grants on the compiled functions of a target to roles other than their owner.';
