-- A view reads with the rights of its user, and a worker writes with its own: who may read the table, or some column of it,
-- must be able to read the vectors beside it, and who may change the one must be able to change the other.
CREATE OR REPLACE FUNCTION reembed.copy_table_grants(p_relation regclass, p_side_table regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT DISTINCT format('GRANT %s ON %s TO %s', w.side_privilege, p_side_table, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
      FROM (SELECT c.relacl, c.relowner FROM pg_class AS c WHERE c.oid = p_relation
            UNION ALL
            SELECT a.attacl, c.relowner FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE a.attrelid = p_relation AND a.attacl IS NOT NULL) AS o(acl, owner),
           aclexplode(o.acl) AS g
      JOIN (VALUES ('SELECT', 'SELECT'), ('UPDATE', 'INSERT, UPDATE, DELETE')) AS w(privilege, side_privilege) ON w.privilege = g.privilege_type
     WHERE g.grantee <> o.owner
       AND EXISTS (SELECT FROM unnest(string_to_array(w.side_privilege, ', ')) AS p
                    WHERE NOT EXISTS (SELECT FROM pg_class AS s, aclexplode(s.relacl) AS h WHERE s.oid = p_side_table AND h.grantee = g.grantee AND h.privilege_type = p))
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.copy_table_grants IS 'Gives those who may read or change a table the same on a side table of its vectors.';
