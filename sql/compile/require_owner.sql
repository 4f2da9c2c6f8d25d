CREATE OR REPLACE FUNCTION reembed.require_owner(p_relation regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = p_relation);
BEGIN
  IF NOT pg_has_role(v_owner, 'USAGE') OR NOT pg_has_role(v_owner, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    RAISE EXCEPTION 'role % lacks the rights of %, the owner of %', current_user, v_owner, p_relation
      USING ERRCODE = 'RE006', HINT = format('GRANT %I TO %I', v_owner, current_user);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.require_owner IS 'Raises RE006 when the present role lacks the rights of a table''s owner.';
