CREATE OR REPLACE FUNCTION reembed.grant_on_column(p_relation regclass, p_column name, p_grants aclitem[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT format('GRANT %s (%I) ON %s TO %s%s', g.privilege_type, p_column, p_relation, reembed.grantee_name(g.grantee),
                  CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM aclexplode(p_grants) AS g
     -- The role may have been dropped since.
     WHERE reembed.grantee_name(g.grantee) IS NOT NULL
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.grant_on_column IS 'Grants the privileges of an access list on a column.';
