-- Of the rows that the live view shows: one that has just entered the part may still have a vector of another model, and a cast of it would make the
-- application's write fail. The expression is that of the live view.
CREATE OR REPLACE FUNCTION reembed.part_index_statement(p_name text, p_position integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.render(E'CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} USING {method} (({column}::{type}) {operator_class}){parameters}{tablespace}\n  WHERE ({clause}\n) AND {schema}.vector_dims({column}) = {dimensions}',
           jsonb_build_object(
             'name', quote_ident(p.final_name), 'table', t.relation::text, 'method', quote_ident(a.amname), 'column', quote_ident(reembed.column_name(t.relation, m.from_attnum)),
             'schema', quote_ident(reembed.vector_schema()), 'type', format('%I.%I(%s)', reembed.vector_schema(), o.element_type, o.dimensions), 'dimensions', o.dimensions,
             'operator_class', (SELECT format('%I.%I', n.nspname, k.opcname) FROM pg_opclass AS k JOIN pg_namespace AS n ON n.oid = k.opcnamespace WHERE k.oid = i.indclass[0]),
             'parameters', ' WITH (' || array_to_string(c.reloptions, ', ') || ')',
             'tablespace', (SELECT ' TABLESPACE ' || quote_ident(b.spcname) FROM pg_tablespace AS b WHERE b.oid = c.reltablespace),
             'clause', t.part_sql))
    FROM reembed.planned_index AS p JOIN reembed.campaign AS m ON m.name = p.campaign JOIN reembed.target AS t ON t.name = m.target JOIN reembed.model AS o ON o.name = m.to_model
    JOIN pg_index AS i ON i.indrelid = m.to_relation JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relname = p.name JOIN pg_am AS a ON a.oid = c.relam
   WHERE p.campaign = p_name AND p.position = p_position
$$;
COMMENT ON FUNCTION reembed.part_index_statement IS 'The statement that builds the index of a part on the column of the table, like that of its side table.';
