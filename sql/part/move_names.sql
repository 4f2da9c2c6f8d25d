CREATE OR REPLACE FUNCTION reembed.move_names(p_name text, p_names jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_side regclass;
  v_names jsonb;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_side := coalesce(m.to_relation::oid, (m.old_column ->> 'side_table')::oid)::regclass;
  v_names := p_names || jsonb_build_object(
    'moved_column', quote_ident(reembed.column_name(t.relation, m.from_attnum)),
    'part_of_t', reembed.part_condition(t.name, 't'),
    'keys_of_t', reembed.each_key(t.name, 't.{column}'),
    't_is_c', reembed.each_key(t.name, 't.{column} OPERATOR({operator}) c.key_{n}', ' AND '),
    't_is_f', reembed.each_key(t.name, 't.{column} OPERATOR({operator}) f.key_{n}', ' AND '),
    'c_is_f', reembed.each_key(t.name, 'c.key_{n} OPERATOR({operator}) f.key_{n}', ' AND '),
    'a_is_t', reembed.each_key(t.name, 'a.key_{n} OPERATOR({operator}) t.{column}', ' AND '),
    'f_keys', reembed.each_key(t.name, 'f.key_{n}'),
    'side', v_side::text,
    'side_vector', quote_ident(reembed.column_name(v_side, coalesce((m.old_column ->> 'side_attnum')::smallint, m.to_attnum))),
    'side_version', quote_ident(reembed.column_name(v_side, coalesce((m.old_column ->> 'side_version_attnum')::smallint, m.to_version_attnum))),
    'side_keys', reembed.each_key(t.name, '{side}', ', ', v_side),
    'side_is_t', reembed.each_key(t.name, 's.{side} OPERATOR({operator}) t.{column}', ' AND ', v_side),
    'side_is_c', reembed.each_key(t.name, 's.{side} OPERATOR({operator}) c.key_{n}', ' AND ', v_side),
    'old_side_keys', reembed.each_key(t.name, 'OLD.{side}', ', ', v_side),
    'new_side_keys', reembed.each_key(t.name, 'NEW.{side}', ', ', v_side));
  -- The text of a row that was moved may change in a joined table, which fires no trigger of this table.
  v_names := v_names || jsonb_build_object('logs_late', reembed.render(E', late AS (\n    INSERT INTO {late} ({key_list}) SELECT {r_keys} FROM dependent AS r\n  )', v_names));
  RETURN v_names || jsonb_build_object('wanted', reembed.render(
    CASE m.moving WHEN 'from_archive' THEN '(SELECT a.vector FROM {archive} AS a WHERE {a_is_t} AND a.text_hash IS NOT DISTINCT FROM reembed.text_hash({content}))'
                  ELSE '(SELECT s.{side_vector} FROM {side} AS s WHERE {side_is_t})' END, v_names));
END;
$$;
COMMENT ON FUNCTION reembed.move_names IS 'The placeholders of a target, and those of the templates that move the vectors of a part.';
