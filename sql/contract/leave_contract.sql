CREATE OR REPLACE FUNCTION reembed.leave_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_relation regclass;
BEGIN
  PERFORM reembed.leave_phase(p_name, 'contract');
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  DELETE FROM reembed.written_vector WHERE target = m.target;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_relation := t.relation;
  -- The column of a part was there all the time.
  IF m.from_relation IS NOT NULL OR t.part <> '' THEN
    PERFORM reembed.compile_target(m.target);
    PERFORM reembed.replace_views(m.target);
    RETURN;
  END IF;
  -- Restores the properties of the column besides its type, except NOT NULL, which follows when every row has its vector.
  PERFORM reembed.set_column_properties(v_relation, m.old_column ->> 'name', m.old_column);
  IF m.old_column ->> 'default' IS NOT NULL THEN
    EXECUTE reembed.render('ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}',
                           jsonb_build_object('table', v_relation::text, 'column', quote_ident(m.old_column ->> 'name'), 'default', m.old_column ->> 'default'));
  END IF;
  PERFORM reembed.grant_on_column(v_relation, m.old_column ->> 'name', (m.old_column ->> 'grants')::aclitem[]);
  PERFORM reembed.compile_target(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.leave_contract IS 'Leaves phase contract once the old column exists again, still empty.';
