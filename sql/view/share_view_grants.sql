-- A DBA may have granted more on the live view than on the table, and canary readers search the view of a model.
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
      SELECT to_regclass(format('%I.%I', reembed.view_schema(t.name), t.live_view)) AS live, to_regclass(format('%I.%I', reembed.view_schema(t.name), reembed.model_view_name(t.name, v.model))) AS own
        FROM reembed.target AS t
        JOIN reembed.vector_column AS v ON v.target = t.name
       WHERE t.name = p_target
    ), present AS (
      SELECT c.oid AS view, '' AS columns, g.grantee
        FROM pg_class AS c, aclexplode(c.relacl) AS g
       WHERE c.oid IN (SELECT live FROM views UNION SELECT own FROM views) AND g.privilege_type = 'SELECT' AND g.grantee <> c.relowner
      UNION ALL
      SELECT c.oid, format(' (%I)', a.attname), g.grantee
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped, aclexplode(a.attacl) AS g
       WHERE c.oid IN (SELECT live FROM views UNION SELECT own FROM views) AND g.privilege_type = 'SELECT' AND g.grantee <> c.relowner
    )
    SELECT format('GRANT SELECT%s ON %s TO %s', w.columns, w.view, CASE w.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(w.grantee)) END)
      FROM (SELECT v.own AS view, p.columns, p.grantee FROM views AS v JOIN present AS p ON p.view = v.live WHERE v.own IS NOT NULL
            EXCEPT
            SELECT p.view::regclass, p.columns, p.grantee FROM present AS p) AS w
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.share_view_grants IS 'Copies the SELECT grants of the live view of a target to the views of its models.';
