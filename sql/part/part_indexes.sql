-- own: holds rows of the part alone; apart: holds none of them; shared: holds both and takes vectors of the new model; unfit: holds both and does not.
CREATE OR REPLACE FUNCTION reembed.part_indexes(p_name text) RETURNS TABLE (index regclass, name name, schema name, kind text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_dimensions integer;
  v_column name;
  v_clause text;
  v record;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  v_clause := reembed.part_condition(t.name);
  SELECT o.dimensions, reembed.column_name(t.relation, m.from_attnum) INTO STRICT v_dimensions, v_column FROM reembed.campaign AS m JOIN reembed.model AS o ON o.name = m.to_model WHERE m.name = p_name;
  FOR v IN
    SELECT c.oid::regclass AS index, c.relname, n.nspname, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') AS predicate, a.atttypmod
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = 1
     WHERE c.oid IN (SELECT reembed.vector_indexes(t.relation, v_column)) ORDER BY c.oid
  LOOP
    index := v.index;
    name := v.relname;
    schema := v.nspname;
    kind := CASE WHEN reembed.parts_are_disjoint(t.relation, v.predicate, v_clause || ' IS NOT TRUE') THEN 'own'
                 WHEN reembed.parts_are_disjoint(t.relation, v.predicate, v_clause) THEN 'apart'
                 WHEN v.atttypmod IN (-1, v_dimensions) THEN 'shared'
                 ELSE 'unfit' END;
    RETURN NEXT;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.part_indexes IS 'The indexes on the old column of a part, and which rows each of them holds, as far as PostgreSQL proves it.';
