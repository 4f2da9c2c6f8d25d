CREATE OR REPLACE FUNCTION reembed.relation_grants(p_relation regclass)
RETURNS TABLE (privilege text, attnum smallint, column_name name, columns text, grantee oid, is_grantable boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT g.privilege_type, o.attnum, o.column_name, CASE WHEN o.column_name IS NULL THEN '' ELSE format(' (%I)', o.column_name) END, g.grantee, g.is_grantable
    FROM pg_class AS c
   CROSS JOIN LATERAL (SELECT NULL::smallint AS attnum, NULL::name AS column_name, c.relacl AS acl
                       UNION ALL
                       SELECT a.attnum, a.attname, a.attacl FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped) AS o
   CROSS JOIN aclexplode(o.acl) AS g
   WHERE c.oid = p_relation AND g.grantee <> c.relowner;
$$;
COMMENT ON FUNCTION reembed.relation_grants IS 'Privileges on a table or view and on its columns that roles other than its owner hold; attnum and column_name are null for the relation itself.';
