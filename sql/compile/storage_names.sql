-- With the templates store_column.sql and store_side_table.sql, the only place with the differences between a column and a side table.
CREATE OR REPLACE FUNCTION reembed.storage_names(v reembed.vector_column, p_role text, p_suffix name) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_part constant text := reembed.part_condition(v.target);
  -- The column of a part that contract has written: its index is on a cast, because the column takes vectors of any dimensions.
  v_is_cast constant boolean := v_part IS NOT NULL AND v.storage = 'column'
    AND EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = v.target AND m.to_model = v.model AND m.phase = 'contract');
  v_names jsonb := jsonb_build_object(
    'column', quote_ident(v.column_name), 'version', quote_ident(v.version_column), 'relation', v.relation::text, 'role', p_role, 'table', (SELECT t.relation::text FROM reembed.target AS t WHERE t.name = v.target), 'suffix', p_suffix,
    'schema', quote_ident(reembed.vector_schema()),
    'model_dimensions', (SELECT o.dimensions FROM reembed.model AS o WHERE o.name = v.model), 'model_type', (SELECT format('%I.%I', reembed.vector_schema(), o.element_type) FROM reembed.model AS o WHERE o.name = v.model), 'part', v_part, 'part_of_s', reembed.part_condition(v.target, 's'), 'part_of_t', reembed.part_condition(v.target, 't'), 'keys_of_t', reembed.each_key(v.target, 't.{column}'),
    's_is_t', reembed.each_key(v.target, 's.{side} OPERATOR({operator}) t.{column}', ' AND ', v.relation));
  v_found constant text := CASE WHEN v_is_cast THEN 't.{column}::{model_type}({model_dimensions})' ELSE 't.{column}' END;
  v_lacks constant text := CASE WHEN v_is_cast THEN '({row}{column} IS NULL OR {schema}.vector_dims({row}{column}) <> {model_dimensions})' ELSE '{row}{column} IS NULL' END;
  v_templates jsonb;
BEGIN
  v_templates := CASE v.storage WHEN 'column' THEN jsonb_build_object(
    -- For the row view and the views that the application searches through.
    'vector', 't.{column}',
    'model', CASE WHEN v.version_column IS NULL THEN 'NULL::text' ELSE 't.{version}' END,
    'hash', 'NULL::bigint',
    -- For a trigger's WHEN, its function, and the parsed functions that this one calls.
    'search_from', '{table} AS t',
    'search_part', CASE WHEN v_part IS NULL THEN '' WHEN v_is_cast THEN ' WHERE {part} AND {schema}.vector_dims(t.{column}) = {model_dimensions}' ELSE ' WHERE {part}' END,
    -- A row that has just entered the part may still hold a vector of another model, with which no distance can be computed.
    'probe_part', CASE WHEN v_part IS NULL THEN '' ELSE ' WHERE {part} AND {schema}.vector_dims(t.{column}) = {model_dimensions}' END,
    'sample_part', CASE WHEN v_part IS NULL THEN '' ELSE ' AND {part_of_s} AND {schema}.vector_dims(s.{column}) = {model_dimensions}' END,
    'searched', CASE WHEN v_part IS NULL THEN '{relation}' ELSE '(SELECT {keys_of_t}, ' || v_found || ' AS {column} FROM {table} AS t WHERE {part} AND {schema}.vector_dims(t.{column}) = {model_dimensions})' END,
    'found', v_found,
    'lacks', replace(v_lacks, '{row}', 'NEW.'),
    'lost', CASE WHEN v_is_cast THEN 'NOT ' || replace(v_lacks, '{row}', 'OLD.') || ' AND ' || replace(v_lacks, '{row}', 'NEW.') ELSE 'OLD.{column} IS NOT NULL AND NEW.{column} IS NULL' END,
    'lacks_now', 'reembed.lacks_{role}_{suffix}(NEW)',
    'outdated', 'reembed.lacks_{role}_{suffix}(NEW) OR v_text_changed AND reembed.kept_{role}_{suffix}(OLD, NEW)',
    'lacks_row', replace(v_lacks, '{row}', '(r).'),
    -- An update that does not change a vector keeps its TOAST value. Comparing the chunk ids avoids reading the vector.
    'kept', 'coalesce(' || CASE WHEN current_setting('server_version_num')::integer >= 170000
                 THEN 'pg_column_toast_chunk_id((o).{column}) OPERATOR(pg_catalog.=) pg_column_toast_chunk_id((n).{column}) OR '
                 ELSE '' END || '(o).{column} OPERATOR({schema}.=) (n).{column}, false)')
  ELSE jsonb_build_object(
    'vector', '(SELECT s.{column} FROM {relation} AS s WHERE {s_is_t})',
    'model', '(SELECT s.{version} FROM {relation} AS s WHERE {s_is_t})',
    'hash', '(SELECT s.text_hash FROM {relation} AS s WHERE {s_is_t})',
    'search_from', '{table} AS t JOIN {relation} AS s ON {s_is_t}',
    'search_part', CASE WHEN v_part IS NULL THEN '' ELSE ' WHERE {part_of_t}' END,
    'probe_part', CASE WHEN v_part IS NULL THEN '' ELSE ' WHERE {part_of_t}' END,
    'sample_part', '',
    'searched', '{relation}',
    'found', 's.{column}',
    'lacks', 'true',
    'lost', 'false',
    'lacks_now', 'true',
    'outdated', 'v_text_changed',
    'lacks_row', 'true',
    'kept', 'true',
    'version_column', '{version}',
    's_is_t', '{s_is_t}') END;
  RETURN (SELECT jsonb_object_agg(w.key, reembed.render(w.value, v_names)) FROM jsonb_each_text(v_templates) AS w)
    || CASE v.storage WHEN 'column' THEN jsonb_build_object('found_keys', reembed.each_key(v.target, 's.{column} AS key_{n}')) ELSE jsonb_build_object(
         'found_keys', reembed.each_key(v.target, 's.{side} AS key_{n}', ', ', v.relation),
         'side_keys', reembed.each_key(v.target, '{side}', ', ', v.relation),
         's_is_r', reembed.each_key(v.target, 's.{side} OPERATOR({operator}) r.key_{n}', ' AND ', v.relation),
         's_is_i', reembed.each_key(v.target, 's.{side} OPERATOR({operator}) i.key_{n}', ' AND ', v.relation),
         's_is_f', reembed.each_key(v.target, 's.{side} OPERATOR({operator}) f.key_{n}', ' AND ', v.relation),
         'f_keys', reembed.each_key(v.target, 'f.key_{n}')) END;
END;
$$;
COMMENT ON FUNCTION reembed.storage_names IS 'Values of the placeholders that depend on how vectors are stored.';
