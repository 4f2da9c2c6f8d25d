CREATE OR REPLACE FUNCTION reembed.require_part(p_relation regclass, p_column name, p_part text, p_clause text) RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_view text := format('reembed.part_%s', txid_current());
  v_fault record;
  v_registered text;
  v_other record;
  v_may_fail text[];
BEGIN
  SELECT t.name INTO v_registered FROM reembed.target AS t
   WHERE t.relation = p_relation AND t.column_name = p_column AND t.part <> p_part AND '' IN (p_part, t.part) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the column is registered as %', v_registered
      USING ERRCODE = 'RE004', HINT = 'A column is migrated as a whole or in parts. Take that campaign down first: npm run migrate down';
  END IF;
  IF p_part = '' THEN
    RETURN '{}';
  ELSIF reembed.is_partitioned(p_relation) THEN
    RAISE EXCEPTION 'a part of a partitioned table cannot be migrated' USING ERRCODE = 'RE004', HINT = 'Migrate the whole table.';
  END IF;
  -- Written twice, so that what closes a parenthesis of ours is a syntax error.
  EXECUTE reembed.render(E'CREATE VIEW {view} AS SELECT FROM {table} AS t WHERE ({clause}\n) AND CASE WHEN {clause}\n THEN true ELSE false END', jsonb_build_object('view', v_view, 'table', p_relation::text, 'clause', p_clause));
  SELECT f.* INTO v_fault FROM reembed.part_faults(v_view::regclass) AS f WHERE f.code <> 'clause-may-fail' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the clause of part % uses %', p_part, v_fault.object
      USING ERRCODE = 'RE004', HINT = 'Compare columns of the table with constants, by functions of PostgreSQL that are IMMUTABLE.';
  END IF;
  v_may_fail := ARRAY(SELECT f.object FROM reembed.part_faults(v_view::regclass) AS f WHERE f.code = 'clause-may-fail' ORDER BY 1);
  EXECUTE reembed.render('DROP VIEW {view}', jsonb_build_object('view', v_view));
  -- Only now: the planner evaluates what the clause calls with constants.
  FOR v_other IN SELECT t.name, t.part_sql FROM reembed.target AS t WHERE t.relation = p_relation AND t.column_name = p_column AND t.part <> p_part LOOP
    IF NOT reembed.parts_are_disjoint(p_relation, p_clause, v_other.part_sql) THEN
      RAISE EXCEPTION 'a row may belong to both parts: % and %', p_part, v_other.name
        USING ERRCODE = 'RE004', HINT = 'Compare the same column with different constants in both clauses.';
    END IF;
  END LOOP;
  RETURN v_may_fail;
END;
$$;
COMMENT ON FUNCTION reembed.require_part IS 'Raises RE004 for a clause whose truth could change without a change of the row, and for parts of one column that may share a row. Returns the functions of the clause that may fail on a row, as far as PostgreSQL knows.';
