CREATE OR REPLACE FUNCTION reembed.begin_side_table(p_name text, p_side regclass, p_column name, p_version_column name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  PERFORM reembed.give_relation(p_side, t.relation);
  UPDATE reembed.campaign
     SET old_column = old_column || jsonb_build_object('side_table', p_side::oid, 'side_attnum', reembed.attnum(p_side, p_column), 'side_version_attnum', reembed.attnum(p_side, p_version_column))
   WHERE name = p_name;
  PERFORM reembed.begin_moving(p_name, 'out_of_column');
  PERFORM reembed.compile_target(t.name);
END;
$$;
COMMENT ON FUNCTION reembed.begin_side_table IS 'Begins the rollback of the contract of a part: the new vectors are to be in a side table again, which is still empty.';
