-- From the table of the target through the joins to the table that this one is joined to; its own rows are not read, because a deleted row is there no more.
CREATE OR REPLACE FUNCTION reembed.join_dependents(p_target text, p_n integer) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_joins text := '';
  v_position integer;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  v_position := t.joined_tables[p_n].of_position;
  WHILE v_position > 0 LOOP
    v_joins := (SELECT format(' JOIN %s AS j%s ON %s', c.relation, c.n,
                              string_agg(format('j%s.%s OPERATOR(%s) %s.%s', c.n, c.column_name, c.operator, CASE c.of_position WHEN 0 THEN 't' ELSE 'j' || c.of_position END, c.of_column), ' AND ' ORDER BY c.place))
                  FROM reembed.join_columns(p_target) AS c WHERE c.n = v_position GROUP BY c.relation, c.n) || v_joins;
    v_position := t.joined_tables[v_position].of_position;
  END LOOP;
  RETURN t.relation::text || ' AS t' || v_joins;
END;
$$;
COMMENT ON FUNCTION reembed.join_dependents IS 'The FROM clause of the rows whose text depends on a joined table.';
