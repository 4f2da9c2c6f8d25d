-- The operator is that of the primary key: found by name alone it might be another one, which its index does not serve.
CREATE OR REPLACE FUNCTION reembed.same_key_sql(p_target text, p_row text, p_other_row text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('%1$s.%3$I OPERATOR(%4$I.%5$s) %2$s.%3$I', p_row, p_other_row, k.name, n.nspname, o.oprname), ' AND ' ORDER BY k.position)
    FROM reembed.target AS t
    JOIN pg_index AS i ON i.indrelid = t.relation AND i.indisprimary,
         unnest(t.key_columns) WITH ORDINALITY AS k(name, position)
    JOIN pg_attribute AS a ON a.attname = k.name,
         unnest(i.indkey, i.indclass) AS x(attnum, opclass)
    JOIN pg_opclass AS c ON c.oid = x.opclass
    JOIN pg_amop AS m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
    JOIN pg_operator AS o ON o.oid = m.amopopr
    JOIN pg_namespace AS n ON n.oid = o.oprnamespace
   WHERE t.name = p_target AND a.attrelid = t.relation AND a.attnum = x.attnum
$$;
COMMENT ON FUNCTION reembed.same_key_sql IS 'SQL that says whether two rows of those names have one key.';
