-- Views are security_invoker: a role that may read the table, or its key or vector column, needs the same rights on the side table, and no more, also after a
-- right was revoked.
CREATE OR REPLACE FUNCTION reembed.share_side_tables(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    WITH side AS (
      SELECT v.relation, v.column_name, v.version_column, t.relation AS of_table, t.key_attnums, t.column_name AS known_as
        FROM reembed.vector_column AS v JOIN reembed.target AS t ON t.name = v.target JOIN pg_class AS e ON e.oid = v.relation WHERE v.target = p_target AND v.storage = 'side_table'
    ), wanted AS (
      SELECT s.relation, '' AS columns, g.grantee
        FROM side AS s CROSS JOIN reembed.relation_grants(s.of_table) AS g WHERE g.privilege = 'SELECT' AND g.attnum IS NULL
      UNION
      SELECT s.relation, format(' (%I)', w.name) COLLATE "default", g.grantee
        FROM side AS s
       CROSS JOIN reembed.relation_grants(s.of_table) AS g
       CROSS JOIN LATERAL (
         SELECT k.attname AS name FROM pg_attribute AS k WHERE k.attrelid = s.relation AND k.attnum = array_position(s.key_attnums, g.attnum)
         UNION ALL
         SELECT unnest(ARRAY[s.column_name, s.version_column]) WHERE g.column_name = s.known_as) AS w
       WHERE g.privilege = 'SELECT' AND g.attnum IS NOT NULL
    ), present AS (
      SELECT DISTINCT s.relation, g.columns, g.grantee FROM side AS s CROSS JOIN reembed.relation_grants(s.relation) AS g WHERE g.privilege = 'SELECT'
    ), changes AS (
      -- Revoking SELECT on a table also revokes it on its columns, so REVOKE comes before GRANT.
      SELECT 1 AS step, 'REVOKE SELECT%s ON %s FROM %s' AS statement, o.* FROM (SELECT * FROM present EXCEPT SELECT * FROM wanted) AS o
      UNION ALL
      SELECT 2, 'GRANT SELECT%s ON %s TO %s', n.* FROM wanted AS n
       WHERE EXISTS (SELECT FROM (SELECT * FROM present EXCEPT SELECT * FROM wanted) AS o WHERE o.grantee = n.grantee) OR n NOT IN (SELECT p FROM present AS p)
    )
    SELECT format(c.statement, c.columns, c.relation, reembed.grantee_name(c.grantee))
      FROM changes AS c WHERE reembed.grantee_name(c.grantee) IS NOT NULL ORDER BY c.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
  PERFORM reembed.guard_side_tables(p_target);
END;
$$;
COMMENT ON FUNCTION reembed.share_side_tables IS 'Applies the read grants of the table, including those on columns, and its row level security to the side tables of a target.';
