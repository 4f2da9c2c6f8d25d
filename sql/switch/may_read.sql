-- Checks session_user, because these functions run with the owner's rights. MEMBER, because an application may SET ROLE for a single statement.
CREATE OR REPLACE FUNCTION reembed.may_read(p_target text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM reembed.target AS t
      JOIN pg_class AS w ON w.oid = to_regclass(format('%I.%I', reembed.view_schema(t.name), t.live_view)),
           LATERAL (SELECT w.relowner AS grantee
                    UNION ALL
                    SELECT g.grantee FROM aclexplode(w.relacl) AS g WHERE g.privilege_type = 'SELECT'
                    UNION ALL
                    SELECT g.grantee FROM pg_attribute AS a, aclexplode(a.attacl) AS g WHERE a.attrelid = w.oid AND g.privilege_type = 'SELECT') AS reader
     WHERE t.name = p_target AND (reader.grantee = 0 OR pg_has_role(session_user, reader.grantee, 'MEMBER')));
$$;
COMMENT ON FUNCTION reembed.may_read IS 'Whether the session user may search the live view of a target.';
