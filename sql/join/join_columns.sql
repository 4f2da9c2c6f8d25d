CREATE OR REPLACE FUNCTION reembed.join_columns(p_target text)
RETURNS TABLE (n integer, place bigint, relation regclass, attnum smallint, column_name text, registered text, of_position integer, of_column text, of_registered text,
               operator text, type text, collation_sql text)
LANGUAGE sql STABLE ROWS 9
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
  SELECT j.n::integer, k.place, j.relation, k.attnum, quote_ident(a.attname), quote_ident(j.names[array_position(j.attnums, k.attnum)]),
         j.of_position, quote_ident(reembed.column_name(o.relation, k.of_attnum)), quote_ident(o.names[array_position(o.attnums, k.of_attnum)]),
         k.operator, format_type(a.atttypid, -1), CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %I.%I', cn.nspname, c.collname) ELSE '' END
    FROM reembed.target AS t
   CROSS JOIN LATERAL unnest(t.joined_tables) WITH ORDINALITY AS j(relation, alias, attnums, names, key_attnums, of_position, of_attnums, n)
    JOIN reembed.join_facts(t.relation, reembed.present_joins(t.name)) AS f ON f.n = j.n
   CROSS JOIN LATERAL unnest(j.key_attnums, j.of_attnums, f.operators) WITH ORDINALITY AS k(attnum, of_attnum, operator, place)
   CROSS JOIN LATERAL (SELECT t.relation, t.text_attnums AS attnums, t.text_names AS names WHERE j.of_position = 0
                       UNION ALL
                       SELECT w.relation, w.attnums, w.names FROM (SELECT (t.joined_tables[j.of_position]).*) AS w WHERE j.of_position > 0) AS o
    JOIN pg_attribute AS a ON a.attrelid = j.relation AND a.attnum = k.attnum
    JOIN pg_type AS y ON y.oid = a.atttypid
    LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
    LEFT JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.join_columns IS 'The pairs of columns that the joins of a target''s text compare: present and registered names, operator and type.';
