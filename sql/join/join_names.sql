CREATE OR REPLACE FUNCTION reembed.join_names(p_target text) RETURNS TABLE (n integer, names jsonb)
LANGUAGE sql STABLE ROWS 9
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
  WITH pair AS MATERIALIZED (
    SELECT c.* FROM reembed.join_columns(p_target) AS c
  )
  SELECT j.n::integer, jsonb_build_object(
           'n', j.n,
           'joined', j.relation::text,
           'join_log', format('reembed.join_change_%s_%s', j.n, t.suffix),
           'admits_joined_owner', reembed.admits_owner(t.name, format('reembed.join_change_%s_%s', j.n, t.suffix)),
           'value_definitions', c.definitions,
           'value_list', c.list,
           'new_values', c.new_values,
           'old_values', c.old_values,
           'every_new_joined', a.every_new,
           'every_old_joined', replace(a.every_new, 'NEW.', 'OLD.'),
           'changed_joined', reembed.differs_sql(j.relation, j.attnums, 'OLD.', 'NEW.'),
           'value_differs', reembed.row_condition(reembed.differs_sql(j.relation, j.key_attnums, '(o).', '(n).')),
           'dependents', reembed.join_dependents(t.name, j.n::integer),
           'is_dependent', c.is_dependent,
           -- By the registered names, which text_sql uses.
           'text_join', format(E'\n  LEFT JOIN (SELECT %s FROM %s AS j) AS %I ON %s', a.columns, j.relation, j.alias, c.condition))
    FROM reembed.target AS t
   CROSS JOIN LATERAL unnest(t.joined_tables) WITH ORDINALITY AS j(relation, alias, attnums, names, key_attnums, of_position, of_attnums, n)
   CROSS JOIN LATERAL (
     SELECT string_agg(format('value_%s %s%s', p.place, p.type, p.collation_sql), ', ' ORDER BY p.place) AS definitions,
            string_agg(format('value_%s', p.place), ', ' ORDER BY p.place) AS list,
            string_agg(format('reembed.join_value_%s_%s_%s(NEW)', p.n, p.place, t.suffix), ', ' ORDER BY p.place) AS new_values,
            string_agg(format('reembed.join_value_%s_%s_%s(OLD)', p.n, p.place, t.suffix), ', ' ORDER BY p.place) AS old_values,
            string_agg(format('w.value_%s OPERATOR(%s) %s.%s', p.place, p.operator, CASE p.of_position WHEN 0 THEN 't' ELSE 'j' || p.of_position END, p.of_column), ' AND ' ORDER BY p.place) AS is_dependent,
            string_agg(format('%I.%s OPERATOR(%s) %I.%s', j.alias, p.registered, p.operator, CASE p.of_position WHEN 0 THEN 't' ELSE t.joined_tables[p.of_position].alias END, p.of_registered), ' AND ' ORDER BY p.place) AS condition
       FROM pair AS p WHERE p.n = j.n) AS c
   CROSS JOIN LATERAL (
     SELECT string_agg(format('j.%I AS %I', w.attname, k.name), ', ' ORDER BY k.place) AS columns,
            -- Always true. It names every column, so that DROP COLUMN … CASCADE drops the trigger too and writes continue.
            string_agg(format('NEW.%I IS NOT NULL', w.attname), ' OR ' ORDER BY k.place)
              || CASE WHEN bool_or(w.attnotnull) THEN '' ELSE format(' OR NEW.%I IS NULL', (array_agg(w.attname ORDER BY k.place))[1]) END AS every_new
       FROM unnest(j.attnums, j.names) WITH ORDINALITY AS k(attnum, name, place)
       JOIN pg_attribute AS w ON w.attrelid = j.relation AND w.attnum = k.attnum) AS a
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.join_names IS 'Placeholders for each table that the text of a target is joined from: its change log, the compared values, the conditions of its triggers, and how rows that depend on it are found.';
