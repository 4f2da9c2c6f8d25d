-- Everything that a template may name, read from the present catalog by column number.
CREATE OR REPLACE FUNCTION reembed.target_names(p_target text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  c pg_class;
  v_new reembed.vector_column;
  v_old reembed.vector_column;
  v_own reembed.vector_column;
  v_args record;
  v_content text;
  v_vector_schema constant name := reembed.vector_schema();
  v_is_partitioned boolean;
  v_names jsonb;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT * INTO STRICT c FROM pg_class WHERE oid = t.relation;
  v_is_partitioned := c.relkind = 'p';
  SELECT * INTO v_new FROM reembed.vector_column WHERE target = p_target AND role = 'new';
  SELECT * INTO v_old FROM reembed.vector_column WHERE target = p_target AND role = 'old';
  -- The column that the application knows: that of the old model until contract renames the new one.
  v_own := CASE WHEN v_old.column_name IS NULL THEN v_new ELSE v_old END;

  SELECT coalesce(string_agg(format('p%s %s', k.position, format_type(a.atttypid, NULL)), ', ' ORDER BY k.position), '') AS parameters,
         coalesce(string_agg(format('p%s', k.position), ', ' ORDER BY k.position), '') AS names,
         coalesce(string_agg(format('p%s AS %I', k.position, t.text_names[k.position]), ', ' ORDER BY k.position), '') AS aliases,
         coalesce(string_agg(format('t.%I', a.attname), ', ' ORDER BY k.position), '') AS columns,
         coalesce(string_agg(format('coalesce(octet_length(t.%I::text), 0)::bigint', a.attname), ' + ' ORDER BY k.position), '0') AS bytes,
         bool_or(a.attgenerated = 'v') AS is_virtual
    INTO v_args
    FROM unnest(t.text_attnums) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = k.attnum;
  v_content := CASE WHEN t.is_expression THEN format('reembed.text_%s(%s)', t.suffix, v_args.columns)
                    WHEN cardinality(t.text_attnums) = 1 THEN format('%s::text', v_args.columns)
                    ELSE format('concat_ws(E''\n'', %s)', v_args.columns) END;

  v_names := jsonb_build_object(
    'suffix', t.suffix,
    'target', t.name,
    'target_literal', quote_literal(t.name),
    'table', t.relation::text,
    'row', format('reembed.row_%s', t.suffix),
    'change', format('reembed.change_%s', t.suffix),
    'vector_type', format('%I.vector', v_vector_schema),
    'vector_schema', quote_ident(v_vector_schema),
    'content', v_content,
    -- The length of a column stored in the TOAST table is known without reading it; the length of an expression over columns is not.
    'source_bytes', CASE WHEN t.is_expression THEN '0::bigint' ELSE format('(%s + %s)', v_args.bytes, cardinality(t.text_attnums) - 1) END,
    'text_sql', t.text_sql,
    'text_parameters', v_args.parameters,
    'text_arguments', v_args.names,
    'text_aliases', v_args.aliases,
    'failure', CASE WHEN t.is_expression THEN 'reembed.text_failure(h.content)' ELSE 'NULL::text' END,
    'same_version', CASE WHEN t.is_expression THEN 'false' ELSE 'r.version = i.version' END,
    'key_settings', reembed.key_settings(t.name),
    'key_list', reembed.each_key(t.name, 'key_{n}'),
    'key_definitions', reembed.each_key(t.name, 'key_{n} {type}{collation}'),
    'key_view', reembed.each_key(t.name, 't.{column} AS key_{n}'),
    'r_keys', reembed.each_key(t.name, 'r.key_{n}'),
    'i_keys', reembed.each_key(t.name, 'i.key_{n}'),
    'c_keys', reembed.each_key(t.name, 'c.key_{n}'),
    'r_key_json', format('jsonb_build_object(%s)', reembed.each_key(t.name, '{label}, {open}r.key_{n}{close}')),
    'c_key_json', format('jsonb_build_object(%s)', reembed.each_key(t.name, '{label}, {open}c.key_{n}{close}')),
    'keys_of_object', reembed.each_key(t.name, '(i.object ->> {label})::{type} AS key_{n}'),
    'key_shown', format('concat_ws(''/'', %s)', reembed.each_key(t.name, 'c.key_{n}')),
    'r_is_i', reembed.each_key(t.name, 'r.key_{n} OPERATOR({operator}) i.key_{n}', ' AND '),
    'r_is_c', reembed.each_key(t.name, 'r.key_{n} OPERATOR({operator}) c.key_{n}', ' AND '),
    'h_is_c', reembed.each_key(t.name, 'h.key_{n} OPERATOR({operator}) c.key_{n}', ' AND '),
    'a_is_c', reembed.each_key(t.name, 'a.key_{n} OPERATOR({operator}) c.key_{n}', ' AND '),
    'a_is_r', reembed.each_key(t.name, 'a.key_{n} OPERATOR({operator}) r.key_{n}', ' AND '),
    'u_is_f', reembed.each_key(t.name, 'u.key_{n} OPERATOR({operator}) f.key_{n}', ' AND '),
    'key_functions', reembed.each_key(t.name, 'reembed.key_{n}_' || t.suffix || '(NEW)'),
    'old_key_functions', reembed.each_key(t.name, 'reembed.key_{n}_' || t.suffix || '(OLD)'),
    'text_differs', reembed.row_condition(reembed.differs_sql(t.relation, t.text_attnums, '(o).', '(n).')),
    'key_differs', reembed.row_condition(reembed.differs_sql(t.relation, t.key_attnums, '(o).', '(n).')),
    -- A row that enters the part is logged like one with a new text.
    'changed_text', reembed.differs_sql(t.relation, t.text_attnums || t.part_attnums, 'OLD.', 'NEW.'),
    'changed_key', reembed.differs_sql(t.relation, t.key_attnums, 'OLD.', 'NEW.'),
    -- A virtual column has a value in the WHEN of a trigger, but not in its function.
    'text_has_changed', CASE WHEN v_args.is_virtual THEN 'true' ELSE format('reembed.text_differs_%s(OLD, NEW)', t.suffix) || CASE WHEN t.part = '' THEN '' ELSE format(' OR NOT reembed.in_part_%s(OLD)', t.suffix) END END,
    'has_old', CASE WHEN v_old.column_name IS NULL THEN 'false' ELSE 'true' END,
    'is_plain', CASE v_new.storage WHEN 'column' THEN 'p_plain' ELSE 'true' END,
    'every_new_column', reembed.names_columns(t.name, 'NEW'),
    'every_old_column', reembed.names_columns(t.name, 'OLD'))
    || jsonb_build_object(
    'row_part', E'\n WHERE ' || reembed.part_condition(t.name),
    'r_in_part', reembed.part_condition(t.name, '(r)'),
    'skips_new', CASE WHEN t.part <> '' THEN format(E'  IF NOT reembed.in_part_%1$s(NEW) THEN\n    RETURN NULL;\n  END IF;\n', t.suffix) END,
    'skips_old', CASE WHEN t.part <> '' THEN format(E'  IF NOT reembed.in_part_%1$s(OLD) THEN\n    RETURN NULL;\n  END IF;\n', t.suffix) END,
    'skips_update', CASE WHEN t.part <> '' THEN format(E'  IF NOT (reembed.in_part_%1$s(OLD) OR reembed.in_part_%1$s(NEW)) THEN\n    RETURN NULL;\n  END IF;\n', t.suffix) END,
    'own_role', v_own.role,
    'own_column', quote_ident(v_own.column_name),
    'brought', CASE v_own.storage WHEN 'column' THEN format('NEW.%I IS NOT NULL', v_own.column_name) ELSE 'false' END,
    'inserted_vector', CASE v_own.storage WHEN 'column' THEN format('NOT v_lacks_%s', v_own.role) ELSE 'false' END,
    'updated_vector', CASE v_own.storage WHEN 'column' THEN format('v_text_changed AND NOT v_outdates_%s', v_own.role) ELSE 'false' END,
    'text_joins', CASE WHEN cardinality(t.joined_tables) > 0 THEN (SELECT string_agg(j.names ->> 'text_join', '' ORDER BY j.n) FROM reembed.join_names(t.name) AS j) ELSE '' END,
    -- The lock on a row does not keep the tables that its text is joined from as they are.
    'still_fits', CASE WHEN cardinality(t.joined_tables) > 0 THEN format('reembed.has_hash_%s(%s, f.hash)', t.suffix, reembed.each_key(t.name, 'f.key_{n}')) ELSE 'true' END,
    'key_parameters', reembed.each_key(t.name, 'p_key_{n} {type}'),
    'after_definitions', reembed.each_key(t.name, 'after_{n} {type}{collation}'),
    'after_reached', reembed.each_key(t.name, 'after_{n} = r.key_{n}'),
    'r_is_after_w', reembed.key_is_after(t.name),
    'r_is_p', reembed.each_key(t.name, 'r.key_{n} OPERATOR({operator}) p_key_{n}', ' AND '))
    || (SELECT jsonb_object_agg(w.role || '_' || n.key, CASE WHEN n.key IN ('lacks_row', 'kept') THEN to_jsonb(reembed.row_condition(n.value #>> '{}')) ELSE n.value END)
          FROM (VALUES ('new', v_new), ('old', v_old)) AS w(role, vectors) CROSS JOIN jsonb_each(reembed.role_names(w.vectors, w.role)) AS n);
  RETURN v_names || jsonb_build_object(
    'table_oid', t.relation::oid,
    'table_bytes', reembed.bytes_sql(t.relation),
    'admits_owner', reembed.admits_owner(t.name, 'reembed.change_' || t.suffix),
    -- The row view, or the rows of one leaf of a partitioned table. The parameters are those of the functions that read a range of positions.
    'leaf_row', CASE WHEN v_is_partitioned THEN format('reembed.leaf_rows_%s(p_leaf, p_first, p_end)', t.suffix) ELSE format('reembed.row_%s', t.suffix) END,
    -- A position is found in each leaf, so many positions are found faster by one scan.
    'digest_settings', CASE WHEN v_is_partitioned THEN 'SET enable_nestloop = off' ELSE '' END,
    'text_settings', CASE WHEN v_is_partitioned THEN format('SET search_path = %s, pg_temp', t.application_path) ELSE '' END,
    -- A row that moves to another partition brings its vectors along.
    'inserts_to_log', CASE WHEN v_is_partitioned THEN 'true' ELSE concat_ws(' OR ', v_names ->> 'new_lacks', v_names ->> 'old_lacks', v_names ->> 'brought') END);
END;
$$;
COMMENT ON FUNCTION reembed.target_names IS 'Values of the template placeholders: names and SQL fragments for one target in its present state.';
