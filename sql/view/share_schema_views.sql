-- Exactly the grants of the table, so that nobody gains a privilege and a revoked one is lost. Privileges on the vector are those on the application's column.
CREATE OR REPLACE FUNCTION reembed.share_schema_views(p_relation regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    WITH view AS (
      SELECT w.view FROM reembed.schema_view AS w JOIN pg_class AS c ON c.oid = w.view WHERE w.relation = p_relation
    ), wanted AS (
      SELECT w.view, g.privilege, g.columns COLLATE "default" AS columns, g.grantee
        FROM view AS w CROSS JOIN reembed.relation_grants(p_relation) AS g
       WHERE g.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
         AND (g.column_name IS NULL OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = w.view AND a.attname = g.column_name))
    ), present AS (
      SELECT w.view, g.privilege, g.columns COLLATE "default" AS columns, g.grantee FROM view AS w CROSS JOIN reembed.relation_grants(w.view) AS g
    ), surplus AS (
      SELECT * FROM present EXCEPT SELECT * FROM wanted
    )
    -- Revoking a privilege on the view also revokes it on its columns, so REVOKE comes before GRANT.
    SELECT format(c.statement, c.privilege, c.columns, c.view::regclass, reembed.grantee_name(c.grantee))
      FROM (SELECT 1 AS step, 'REVOKE %s%s ON %s FROM %s' AS statement, s.* FROM surplus AS s
            UNION ALL
            SELECT 2, 'GRANT %s%s ON %s TO %s', w.* FROM wanted AS w
             WHERE NOT EXISTS (SELECT FROM present AS p WHERE p = w) OR EXISTS (SELECT FROM surplus AS s WHERE s.view = w.view AND s.grantee = w.grantee)) AS c
     WHERE reembed.grantee_name(c.grantee) IS NOT NULL
     ORDER BY c.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.share_schema_views IS 'Gives the views with a table''s own name the grants of the table, including those on columns.';
