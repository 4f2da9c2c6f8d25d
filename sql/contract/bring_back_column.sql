CREATE OR REPLACE FUNCTION reembed.bring_back_column(p_name text, p_to_column name, p_to_version_column name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_names jsonb;
  v_statement text;
  v_attnum smallint;
  v_version_attnum smallint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_names := jsonb_build_object('table', t.relation::text, 'new', quote_ident(p_to_column), 'new_version', quote_ident(p_to_version_column),
    'present', quote_ident(reembed.column_name(t.relation, m.to_attnum)), 'present_version', quote_ident(reembed.column_name(t.relation, m.to_version_attnum)),
    'old', quote_ident(m.old_column ->> 'name'), 'old_version', quote_ident(m.old_column ->> 'version_name'), 'type', m.old_column ->> 'type');
  FOR v_statement IN
    SELECT reembed.render(w.statement, v_names)
      FROM (VALUES (1, 'ALTER TABLE {table} RENAME COLUMN {present} TO {new}', m.to_relation IS NULL AND v_names ->> 'present' <> v_names ->> 'new'),
                   (2, 'ALTER TABLE {table} RENAME COLUMN {present_version} TO {new_version}', m.to_relation IS NULL AND v_names ->> 'present_version' <> v_names ->> 'new_version'),
                   (3, 'ALTER TABLE {table} ADD COLUMN {old} {type}', m.from_relation IS NULL),
                   (4, 'ALTER TABLE {table} ADD COLUMN {old_version} text', m.from_relation IS NULL AND m.old_column ->> 'version_name' IS NOT NULL)) AS w(step, statement, is_wanted)
     WHERE w.is_wanted
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
  IF m.from_relation IS NULL THEN
    v_attnum := reembed.attnum(t.relation, m.old_column ->> 'name');
    v_version_attnum := CASE WHEN m.old_column ->> 'version_name' IS NOT NULL THEN reembed.attnum(t.relation, m.old_column ->> 'version_name') END;
    -- The campaign that created the column recorded its former number.
    UPDATE reembed.campaign SET to_attnum = v_attnum, to_version_attnum = coalesce(v_version_attnum, to_version_attnum)
     WHERE target = m.target AND to_relation IS NULL AND to_attnum = m.from_attnum;
    UPDATE reembed.campaign SET from_attnum = v_attnum, from_version_attnum = v_version_attnum WHERE name = p_name;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.bring_back_column IS 'Renames the new column back and adds the old one again, empty.';
