-- The search_path with which sessions of the owner start: triggers and functions of the table were written for it.
CREATE OR REPLACE FUNCTION reembed.application_path(p_relation regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(reembed.quoted_path((
           SELECT substr(c.setting, length('search_path=') + 1)
             FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
            WHERE s.setrole IN (0, r.relowner) AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
              AND c.setting LIKE 'search\_path=%'
            ORDER BY s.setrole <> 0 AND s.setdatabase <> 0 DESC, s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1)),
         '"$user", public')
    FROM pg_class AS r WHERE r.oid = p_relation
$$;
COMMENT ON FUNCTION reembed.application_path IS 'The search_path of new sessions of a table''s owner in this database.';
