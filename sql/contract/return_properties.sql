CREATE OR REPLACE FUNCTION reembed.return_properties(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_relation regclass;
  v_column name;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_relation := coalesce(m.to_relation, t.relation);
  v_column := reembed.column_name(v_relation, m.to_attnum);
  PERFORM reembed.set_column_properties(v_relation, v_column, m.old_column -> 'successor');
  IF m.to_relation IS NULL AND (reembed.describe_column(v_relation, v_column) ->> 'not_null')::boolean AND NOT (m.old_column -> 'successor' ->> 'not_null')::boolean THEN
    EXECUTE reembed.render('ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL', jsonb_build_object('table', v_relation::text, 'column', quote_ident(v_column)));
  END IF;
  PERFORM reembed.drop_not_null_check(p_name);
  PERFORM reembed.set_index_properties(i.index, p.name, (SELECT k.value FROM jsonb_array_elements(m.old_column -> 'successor' -> 'indexes') AS k WHERE k.value ->> 'name' = p.name))
     FROM reembed.planned_index AS p CROSS JOIN LATERAL (SELECT reembed.valid_index(coalesce(p.leaf, v_relation), p.final_name) AS index) AS i
    WHERE p.campaign = p_name AND i.index IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION reembed.return_properties IS 'Gives the new column and its indexes the properties and names back that they had before contract.';
