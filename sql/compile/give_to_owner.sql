-- Grants the owner CREATE on schema reembed only within this function.
CREATE OR REPLACE FUNCTION reembed.give_to_owner(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_owner name;
  v_statement text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT pg_get_userbyid(c.relowner) INTO STRICT v_owner FROM pg_class AS c WHERE c.oid = t.relation;
  FOR v_statement IN
    WITH joined AS (
      SELECT j.n, pg_get_userbyid(c.relowner) AS owner, format('reembed.join_change_%s_%s', j.n, t.suffix) AS log
        FROM unnest(t.joined_tables) WITH ORDINALITY AS j(relation, alias, attnums, names, key_attnums, of_position, of_attnums, n) JOIN pg_class AS c ON c.oid = j.relation
    ), owner AS (
      SELECT v_owner AS name UNION SELECT j.owner FROM joined AS j
    ), compiled AS (
      SELECT p.oid, p.oid::regprocedure::text AS name, p.prosecdef, p.proowner,
             p.proname NOT IN ('settle_' || t.suffix, 'empty_' || t.suffix, 'shift_' || t.suffix) AS is_owners,
             -- Its text is made when it runs, and calls the application's code only through the function of the text, which has the application's path.
             p.proname = 'leaf_rows_' || t.suffix AS is_dynamic,
             -- What the triggers of a joined table call belongs to the owner of that table.
             coalesce((SELECT o.owner FROM joined AS o WHERE o.n = substring(p.proname FROM '^(?:log_join_[a-z]+|join_value|join_differs)_([1-9])_')::integer), v_owner) AS owner
        FROM reembed.compiled_functions(t.name) AS p
    ), relation AS (
      SELECT c.oid, c.relkind, c.relowner, c.relacl, format('reembed.%I', c.relname) AS name, c.relname = 'change_' || t.suffix AS is_log
        FROM pg_class AS c
       WHERE c.relnamespace = 'reembed'::regnamespace
         AND (c.relname IN ('row_' || t.suffix, 'change_' || t.suffix, 'late_' || t.suffix)
              OR c.relname IN (SELECT reembed.archive_name(m.name) FROM reembed.campaign AS m WHERE m.target = t.name) AND c.relkind = 'r')
    )
    SELECT s.statement
      FROM (
        SELECT 1 AS step, format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', c.name) AS statement FROM compiled AS c
        UNION ALL
        -- Functions that access the table run under the application's search_path, because its triggers and functions may use unqualified names.
        SELECT 2, format('ALTER FUNCTION %s SET search_path = %s', c.name, CASE WHEN c.is_owners AND NOT c.is_dynamic THEN t.application_path || ', pg_temp' ELSE 'pg_catalog, pg_temp' END)
          FROM compiled AS c JOIN pg_proc AS p ON p.oid = c.oid
         WHERE c.prosecdef AND p.prorettype <> 'trigger'::regtype
        UNION ALL
        SELECT 3, format('REVOKE ALL ON %s FROM %I', r.name, pg_get_userbyid(g.grantee))
          FROM relation AS r CROSS JOIN LATERAL aclexplode(r.relacl) AS g WHERE r.is_log AND g.privilege_type = 'INSERT' AND g.grantee <> r.relowner AND pg_get_userbyid(g.grantee) <> v_owner
        UNION ALL
        SELECT 4, format('GRANT CREATE ON SCHEMA reembed TO %I', o.name) FROM owner AS o WHERE NOT has_schema_privilege(o.name, 'reembed', 'CREATE')
        UNION ALL
        SELECT 5, format('ALTER FUNCTION %s OWNER TO %I', c.name, c.owner) FROM compiled AS c WHERE c.is_owners AND pg_get_userbyid(c.proowner) <> c.owner
        UNION ALL
        SELECT 5, format('ALTER %s %s OWNER TO %I', CASE r.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, r.name, v_owner)
          FROM relation AS r WHERE NOT r.is_log AND pg_get_userbyid(r.relowner) <> v_owner
        UNION ALL
        SELECT 6, format('REVOKE CREATE ON SCHEMA reembed FROM %I', o.name) FROM owner AS o WHERE NOT has_schema_privilege(o.name, 'reembed', 'CREATE')) AS s
     ORDER BY s.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
  PERFORM reembed.admit_owners(p_target);
END;
$$;
COMMENT ON FUNCTION reembed.give_to_owner IS 'Transfers the compiled objects of a target to the owner of its table; the change log and the functions that delete from it stay with the installer.';
