-- Paths of present sessions and of connection strings are not visible to others.
CREATE OR REPLACE FUNCTION reembed.path_users(p_schema name) RETURNS TABLE (who text, statement text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT concat_ws(' in ', CASE WHEN s.setrole <> 0 THEN 'role ' || pg_get_userbyid(s.setrole) END, CASE WHEN s.setdatabase <> 0 THEN 'database ' || d.datname END),
         CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', d.datname)
              ELSE format('ALTER ROLE %I', pg_get_userbyid(s.setrole)) || CASE WHEN s.setdatabase = 0 THEN '' ELSE format(' IN DATABASE %I', d.datname) END END || ' SET search_path = '
    FROM pg_db_role_setting AS s
   CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
    LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
   WHERE starts_with(c.setting, 'search_path=')
     AND (s.setdatabase = 0 OR d.datname = current_database())
     AND quote_ident(p_schema) = ANY (string_to_array(reembed.quoted_path(substr(c.setting, length('search_path=') + 1)), ', '))
$$;
COMMENT ON FUNCTION reembed.path_users IS 'Roles and databases whose stored search_path names a schema, each with the beginning of the statement that changes it.';
