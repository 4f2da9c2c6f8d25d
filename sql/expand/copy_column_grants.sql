-- The live view reads with the rights of its user, so whoever may read the one column must be able to read the other.
CREATE OR REPLACE FUNCTION reembed.copy_column_grants(p_relation regclass, p_from name, p_to name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT format('GRANT %s (%I) ON %s TO %s%s', g.privilege_type, p_to, p_relation,
                  CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                  CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute AS a, aclexplode(a.attacl) AS g
     WHERE a.attrelid = p_relation AND a.attname = p_from
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.copy_column_grants IS 'Gives a column the column privileges of another one.';
