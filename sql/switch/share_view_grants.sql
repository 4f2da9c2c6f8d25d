-- A DBA may have granted more on the live view than on the table; readers of the canary search the view of a model.
CREATE OR REPLACE FUNCTION reembed.share_view_grants(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    WITH views AS (
      SELECT to_regclass(format('%I.%I', n.nspname, t.live_view)) AS live, to_regclass(format('%I.%I', n.nspname, reembed.model_view_name(t.name, v.model))) AS own
        FROM reembed.target AS t
        JOIN pg_class AS c ON c.oid = t.relation
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN reembed.vector_column AS v ON v.target = t.name
       WHERE t.name = p_target
    ), wanted AS (
      SELECT w.own, '' AS columns, g.grantee, g.privilege_type AS privilege
        FROM views AS w JOIN pg_class AS c ON c.oid = w.live, aclexplode(c.relacl) AS g
      UNION ALL
      SELECT w.own, format(' (%I)', a.attname), g.grantee, g.privilege_type
        FROM views AS w JOIN pg_attribute AS a ON a.attrelid = w.live AND a.attacl IS NOT NULL AND NOT a.attisdropped, aclexplode(a.attacl) AS g
    )
    SELECT format('GRANT SELECT%s ON %s TO %s', w.columns, w.own, CASE w.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(w.grantee)) END)
      FROM wanted AS w JOIN pg_class AS c ON c.oid = w.own
     WHERE w.privilege = 'SELECT' AND w.grantee <> c.relowner
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.share_view_grants IS 'Lets those who may read the live view of a target read the views of its models as well.';
