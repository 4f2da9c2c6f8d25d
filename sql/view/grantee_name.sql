CREATE OR REPLACE FUNCTION reembed.grantee_name(p_grantee oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE p_grantee WHEN 0 THEN 'PUBLIC' ELSE (SELECT quote_ident(r.rolname) FROM pg_roles AS r WHERE r.oid = p_grantee) END;
COMMENT ON FUNCTION reembed.grantee_name IS 'A role of an access list as a GRANT names it; null when the role has been dropped.';
