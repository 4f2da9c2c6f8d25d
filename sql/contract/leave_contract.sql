CREATE OR REPLACE FUNCTION reembed.leave_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  v_relation regclass;
  v_statement text;
BEGIN
  PERFORM reembed.leave_phase(p_name, 'contract');
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT relation INTO STRICT v_relation FROM reembed.target WHERE name = m.target;
  IF m.from_relation IS NOT NULL THEN
    PERFORM reembed.compile_target(m.target);
    PERFORM reembed.replace_views(m.target);
    RETURN;
  END IF;
  -- Restores the properties of the column besides its type, except NOT NULL: rows written since contract have no old vector yet.
  FOR v_statement IN
    SELECT reembed.render(w.statement, jsonb_build_object('table', v_relation::text, 'column', quote_ident(m.old_column ->> 'name'), 'default', m.old_column ->> 'default',
             'storage', CASE m.old_column ->> 'storage' WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' ELSE 'EXTERNAL' END,
             'comment', quote_nullable(m.old_column ->> 'comment')))
      FROM (VALUES ('ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}', m.old_column ->> 'default' IS NOT NULL),
                   ('ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {storage}', true),
                   ('COMMENT ON COLUMN {table}.{column} IS {comment}', true)) AS w(statement, is_wanted)
     WHERE w.is_wanted
  LOOP
    EXECUTE v_statement;
  END LOOP;
  PERFORM reembed.grant_on_column(v_relation, m.old_column ->> 'name', (m.old_column ->> 'grants')::aclitem[]);
  PERFORM reembed.compile_target(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.leave_contract IS 'Leaves phase contract once the old column exists again, still empty.';
