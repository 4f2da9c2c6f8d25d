-- ALTER TABLE … OWNER TO gives away the table alone. What is compiled is made again; what is kept is given to the new owner here, unless somebody else has it.
CREATE OR REPLACE FUNCTION reembed.follow_owner(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_former oid;
  v_owner name;
  v_relation record;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT r.relowner, pg_get_userbyid(c.relowner) INTO v_former, v_owner
    FROM pg_class AS c JOIN pg_class AS r ON r.oid = to_regclass(format('reembed.row_%s', t.suffix)) AND r.relowner <> c.relowner WHERE c.oid = t.relation;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  FOR v_relation IN
    SELECT c.oid::regclass AS name, c.relkind
      FROM pg_class AS c
     WHERE c.relowner = v_former
       AND (c.oid IN (SELECT v.relation FROM reembed.vector_column AS v WHERE v.target = t.name AND v.storage = 'side_table')
            OR c.oid IN (SELECT w.view FROM reembed.schema_view AS w WHERE w.relation = t.relation)
            OR c.oid IN (SELECT to_regclass(format('%I.%I', reembed.view_schema(t.name), n.name))
                           FROM (SELECT t.live_view AS name UNION ALL SELECT reembed.model_view_name(t.name, v.model) FROM reembed.vector_column AS v WHERE v.target = t.name) AS n))
  LOOP
    IF v_relation.relkind = 'v' THEN
      PERFORM reembed.give_view(v_relation.name, v_owner);
    ELSE
      PERFORM reembed.give_relation(v_relation.name, t.relation);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.follow_owner IS 'Gives the side tables and views of a target to the new owner of its table.';
