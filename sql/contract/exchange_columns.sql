-- Finds columns by number, so that a rename does not matter. No CASCADE: any object that still depends on the old column causes an error.
CREATE OR REPLACE FUNCTION reembed.exchange_columns(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_old name;
  v_old_version name;
  v_statement text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_old := CASE WHEN m.from_relation IS NULL THEN reembed.column_name(t.relation, m.from_attnum) ELSE t.column_name END;
  v_old_version := CASE WHEN m.from_relation IS NULL THEN reembed.column_name(t.relation, m.from_version_attnum) END;
  IF m.from_relation IS NULL THEN
    PERFORM reembed.drop_schema_views(t.relation, t.relation, m.from_attnum);
  END IF;
  FOR v_statement IN
    SELECT reembed.render(w.statement, jsonb_build_object('table', t.relation::text, 'column', quote_ident(w.name), 'final', quote_ident(w.final)))
      FROM (VALUES (1, 'ALTER TABLE {table} DROP COLUMN {column}', CASE WHEN m.from_relation IS NULL THEN v_old END, v_old),
                   (2, 'ALTER TABLE {table} DROP COLUMN {column}', v_old_version, v_old_version),
                   (3, 'ALTER TABLE {table} RENAME COLUMN {column} TO {final}', CASE WHEN m.to_relation IS NULL THEN reembed.column_name(t.relation, m.to_attnum) END, v_old),
                   (4, 'ALTER TABLE {table} RENAME COLUMN {column} TO {final}', CASE WHEN m.to_relation IS NULL THEN reembed.column_name(t.relation, m.to_version_attnum) END,
                    left(v_old, 49) || '_model_version')) AS w(step, statement, name, final)
     WHERE w.name IS NOT NULL AND (w.step < 3 OR w.name <> w.final)
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.exchange_columns IS 'Drops the old column and renames the new one to its name.';
