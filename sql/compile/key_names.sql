-- The operator is that of the primary key: one found by name alone might not be supported by its index. Only of a B-tree: in the index of a key WITHOUT OVERLAPS
-- the same strategy is that of ranges that overlap. Types without a JSON form are written as text, so that
-- no cast of the user's is called.
CREATE OR REPLACE FUNCTION reembed.key_names(p_target text, p_side_table regclass DEFAULT NULL) RETURNS TABLE (n bigint, names jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT k.position, jsonb_build_object(
           'n', k.position,
           'column', quote_ident(a.attname),
           'side', coalesce((SELECT quote_ident(s.attname) FROM pg_attribute AS s WHERE s.attrelid = p_side_table AND s.attnum = k.position), ''),
           'label', quote_literal(t.key_names[k.position]),
           -- With -1, because character without a length is character(1) in a cast, and bit is bit(1).
           'type', format_type(a.atttypid, -1),
           'collation', CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %I.%I', cn.nspname, c.collname) ELSE '' END,
           'open', CASE WHEN p.is_plain THEN '' ELSE 'format(''%s'', ' END,
           'close', CASE WHEN p.is_plain THEN '' ELSE ')' END,
           'operator', coalesce(o.equal, 'pg_catalog.='),
           'greater', coalesce(o.greater, 'pg_catalog.>'))
    FROM reembed.target AS t
   CROSS JOIN unnest(t.key_attnums) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = k.attnum
    JOIN pg_type AS y ON y.oid = a.atttypid
    LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
    LEFT JOIN pg_namespace AS cn ON cn.oid = c.collnamespace
   CROSS JOIN LATERAL (SELECT y.typnamespace = 'pg_catalog'::regnamespace
                              AND y.typname IN ('int2', 'int4', 'int8', 'numeric', 'bool', 'uuid', 'text', 'varchar', 'bpchar') AS is_plain) AS p
    LEFT JOIN LATERAL (
      SELECT max(format('%I.%s', n.nspname, q.oprname)) FILTER (WHERE m.amopstrategy = 3) AS equal, max(format('%I.%s', n.nspname, q.oprname)) FILTER (WHERE m.amopstrategy = 5) AS greater
        FROM pg_index AS i
       CROSS JOIN unnest(i.indkey, i.indclass) AS x(attnum, opclass)
        JOIN pg_opclass AS oc ON oc.oid = x.opclass AND oc.opcmethod = (SELECT w.oid FROM pg_am AS w WHERE w.amname = 'btree')
        JOIN pg_amop AS m ON m.amopfamily = oc.opcfamily AND m.amopstrategy IN (3, 5) AND m.amoplefttype = oc.opcintype AND m.amoprighttype = oc.opcintype
        JOIN pg_operator AS q ON q.oid = m.amopopr
        JOIN pg_namespace AS n ON n.oid = q.oprnamespace
       WHERE i.indrelid = t.relation AND i.indisprimary AND x.attnum = k.attnum) AS o ON true
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.key_names IS 'Placeholders for each key column of a target: {n} its position, {column} its name, {side} its name in a side table, whose first columns are the key, {label} its name in keys, {type}, {collation}, {operator} and {greater} of the primary key, {open} and {close} around a value that is converted to JSON.';
