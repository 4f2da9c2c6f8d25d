-- Called by triggers, with the rights of the installer, who owns the logs. It gives no role more than compile_target() would, whoever calls it. The lock keeps
-- several writes from granting at once, which PostgreSQL refuses.
CREATE OR REPLACE FUNCTION reembed.admit_owners(p_target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('reembed.admit_owners ' || p_target, 0));
  FOR v_statement IN
    SELECT DISTINCT format('GRANT %s ON %s TO %I', w.rights, w.log, r.rolname)
      FROM reembed.target AS t
     CROSS JOIN reembed.compiled_functions(t.name) AS p
     CROSS JOIN LATERAL (SELECT substring(p.proname FROM '^(?:log_join_[a-z]+|expand_join)_([1-9])_') AS n) AS j
     CROSS JOIN LATERAL (
       SELECT 'INSERT, SELECT' AS rights, 'reembed.change_' || t.suffix AS log WHERE p.proname IN ('log_update_' || t.suffix, 'read_batch_' || t.suffix)
       UNION ALL
       SELECT CASE WHEN starts_with(p.proname, 'log_') THEN 'INSERT' ELSE 'SELECT, UPDATE, DELETE' END, format('reembed.join_change_%s_%s', j.n, t.suffix) WHERE j.n IS NOT NULL) AS w
      JOIN pg_roles AS r ON r.oid = p.proowner
     WHERE t.name = p_target AND NOT (SELECT bool_and(has_table_privilege(r.oid, to_regclass(w.log), g.right_name)) FROM string_to_table(w.rights, ', ') AS g(right_name))
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.admit_owners IS 'Grants the owners of the compiled functions of a target what these need on its change logs.';
