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
    )
    SELECT format('GRANT SELECT%s ON %s TO %s', w.columns, w.view, reembed.grantee_name(w.grantee))
      FROM (SELECT v.own AS view, g.columns, g.grantee FROM views AS v CROSS JOIN reembed.relation_grants(v.live) AS g WHERE v.own IS NOT NULL AND g.privilege = 'SELECT'
            EXCEPT
            SELECT v.own, g.columns, g.grantee FROM views AS v CROSS JOIN reembed.relation_grants(v.own) AS g WHERE g.privilege = 'SELECT') AS w
     WHERE reembed.grantee_name(w.grantee) IS NOT NULL
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.share_view_grants IS 'Copies the SELECT grants of the live view of a target to the views of its models.';
