-- A view belongs to a table and not to a target, because a table with two vector columns has one name. A target without vectors of the schema's model shows
-- those of its live model. The columns are those of the table as the application knows it: without the toolkit's own, and one vector for each target. A part of
-- a table has no view here: one with the table's own name has to show all rows.
CREATE OR REPLACE FUNCTION reembed.wanted_schema_views(p_relation regclass) RETURNS TABLE (schema name, model text, name name, definition text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH relation AS (
    SELECT c.oid, c.relname, n.nspname
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = p_relation AND NOT EXISTS (SELECT FROM reembed.target AS t WHERE t.relation = c.oid AND t.unhooked IS NOT NULL)
  ), vector AS (
    SELECT v.*, t.column_name AS known_as, t.suffix FROM reembed.target AS t JOIN reembed.vector_column AS v ON v.target = t.name
     WHERE t.relation = p_relation AND t.part = '' AND v.column_name IS NOT NULL
  ), side AS (
    SELECT EXISTS (SELECT FROM vector AS v WHERE v.storage = 'side_table') AS is_used
  ), variant AS (
    SELECT w.model, reembed.model_schema_name(r.nspname, w.model) AS schema
      FROM relation AS r CROSS JOIN (SELECT v.model FROM vector AS v UNION SELECT NULL FROM vector) AS w(model)
  ), chosen AS (
    SELECT w.schema, v.*, dense_rank() OVER (ORDER BY v.target) AS n
      FROM variant AS w
     CROSS JOIN LATERAL (SELECT DISTINCT ON (v.target) v.* FROM vector AS v WHERE v.is_read OR v.model = w.model ORDER BY v.target, v.model = w.model DESC NULLS LAST) AS v
  ), wanted AS (
    SELECT w.schema, a.attname AS name, a.attnum::integer AS place, format('t.%I', a.attname) AS source
      FROM variant AS w JOIN pg_attribute AS a ON a.attrelid = p_relation AND a.attnum > 0 AND NOT a.attisdropped
     WHERE NOT EXISTS (SELECT FROM vector AS v WHERE v.storage = 'column' AND a.attnum IN (v.attnum, v.version_attnum))
    UNION ALL
    SELECT o.schema, coalesce(own.column_name, o.known_as), coalesce(own.attnum, 32767), format('%s.%I', CASE o.storage WHEN 'column' THEN 't' ELSE 's' || o.n END, o.column_name)
      FROM chosen AS o
      -- The column by its present name: that of the old vectors until contract gives its name to the new one.
      LEFT JOIN LATERAL (SELECT v.column_name, v.attnum FROM vector AS v WHERE v.target = o.target AND v.storage = 'column'
                          AND (v.role = 'old' OR NOT EXISTS (SELECT FROM vector AS p WHERE p.target = v.target AND p.role = 'old'))) AS own ON true
  ), present AS (
    -- Columns keep their places, although contract moves one in the table.
    SELECT w.schema, a.attname AS name, a.attnum
      FROM reembed.schema_view AS w JOIN pg_attribute AS a ON a.attrelid = w.view AND a.attnum > 0 WHERE w.relation = p_relation
  ), list AS (
    SELECT w.schema, string_agg(format('%s AS %I', w.source, w.name), ', ' ORDER BY p.attnum, w.place) AS columns
      FROM wanted AS w
      LEFT JOIN present AS p ON p.schema = w.schema AND p.name = w.name
           AND NOT EXISTS (SELECT FROM present AS gone WHERE gone.schema = w.schema AND gone.name NOT IN (SELECT o.name FROM wanted AS o WHERE o.schema = w.schema))
     GROUP BY w.schema
  )
  SELECT v.schema, v.model, r.relname, reembed.render(p.body, jsonb_build_object(
           'view', format('%I.%I', v.schema, r.relname), 'columns', l.columns, 'table', p_relation::text, 'table_literal', quote_literal(p_relation::text),
           'sides', (SELECT string_agg(format(' JOIN %s AS s%s ON %s', o.relation, o.n, reembed.each_key(o.target, 's' || o.n || '.{side} OPERATOR({operator}) t.{column}', ' AND ', o.relation)), '' ORDER BY o.n)
                       FROM chosen AS o WHERE o.schema = v.schema AND o.storage = 'side_table'),
           'comment', quote_literal(format('pg-reembed: shows %s with the vectors of %s.', p_relation, coalesce(v.model, 'the model in reembed.setting.read_model')))))
           || CASE WHEN side.is_used THEN reembed.render(q.body, jsonb_build_object('view', format('%I.%I', v.schema, r.relname), 'table_literal', quote_literal(p_relation::text))) ELSE '' END
    FROM relation AS r CROSS JOIN side CROSS JOIN variant AS v
    JOIN list AS l ON l.schema = v.schema
    JOIN reembed.template AS p ON p.name = 'schema_view'
    JOIN reembed.template AS q ON q.name = 'schema_view_read_only'
$$;
COMMENT ON FUNCTION reembed.wanted_schema_views IS 'The views with a table''s own name that should exist now: one for each model with vectors, and one that follows the live model.';
