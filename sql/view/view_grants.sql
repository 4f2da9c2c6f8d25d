CREATE OR REPLACE FUNCTION reembed.view_grants(p_view regclass) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege_type, o.columns, p_view, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (SELECT c.relacl AS acl, NULL AS columns, c.relowner FROM pg_class AS c WHERE c.oid = p_view
          UNION ALL
          SELECT a.attacl, format(' (%I)', a.attname), c.relowner
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.oid = p_view AND a.attacl IS NOT NULL AND NOT a.attisdropped) AS o,
         aclexplode(o.acl) AS g
   WHERE g.grantee <> o.relowner AND (g.grantee = 0 OR EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = g.grantee))
);
COMMENT ON FUNCTION reembed.view_grants IS 'Statements that repeat the present grants on a view.';
