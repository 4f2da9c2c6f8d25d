-- A view reads with the rights of its user: who may read the table, or the key or the vector of it, must be able to read the same
-- beside it, and no more.
CREATE OR REPLACE FUNCTION reembed.share_side_tables(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN
    WITH side AS (
      SELECT v.relation, v.column_name, v.version_column, t.relation AS of_table, t.key_attnums, t.column_name AS known_as
        FROM reembed.vector_column AS v JOIN reembed.target AS t ON t.name = v.target WHERE v.target = p_target AND v.storage = 'side_table'
    ), wanted AS (
      SELECT s.relation, '' AS columns, g.grantee
        FROM side AS s JOIN pg_class AS c ON c.oid = s.of_table CROSS JOIN aclexplode(c.relacl) AS g
       WHERE g.privilege_type = 'SELECT' AND g.grantee <> c.relowner
      UNION
      SELECT s.relation, format(' (%I)', w.name), g.grantee
        FROM side AS s
        JOIN pg_class AS c ON c.oid = s.of_table
        JOIN pg_attribute AS a ON a.attrelid = s.of_table AND a.attacl IS NOT NULL AND NOT a.attisdropped
       CROSS JOIN aclexplode(a.attacl) AS g
       CROSS JOIN LATERAL (
         SELECT k.attname AS name FROM pg_attribute AS k WHERE k.attrelid = s.relation AND k.attnum = array_position(s.key_attnums, a.attnum)
         UNION ALL
         SELECT unnest(ARRAY[s.column_name, s.version_column]) WHERE a.attname = s.known_as) AS w
       WHERE g.privilege_type = 'SELECT' AND g.grantee <> c.relowner
    )
    SELECT format('GRANT SELECT%s ON %s TO %s', w.columns, w.relation, CASE w.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(w.grantee)) END)
      FROM wanted AS w
     WHERE w.grantee = 0 OR NOT has_table_privilege(w.grantee, w.relation, 'SELECT')
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.share_side_tables IS 'Lets those who may read a table, or some columns of it, read the same of its side tables.';
