CREATE OR REPLACE FUNCTION reembed.view_grants(p_view regclass) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
  SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege, g.columns, p_view, reembed.grantee_name(g.grantee), CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM reembed.relation_grants(p_view) AS g
   WHERE reembed.grantee_name(g.grantee) IS NOT NULL
);
COMMENT ON FUNCTION reembed.view_grants IS 'Statements that repeat the present grants on a view.';
