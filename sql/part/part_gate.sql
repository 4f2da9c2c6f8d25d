CREATE OR REPLACE FUNCTION reembed.part_gate(p_name text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  o reembed.model;
  a record;
  v_renamed text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  SELECT * INTO STRICT o FROM reembed.model WHERE name = m.to_model;
  SELECT c.attname, c.atttypmod, c.attnotnull, y.typname INTO STRICT a FROM pg_attribute AS c JOIN pg_type AS y ON y.oid = c.atttypid WHERE c.attrelid = t.relation AND c.attnum = m.from_attnum;
  IF a.typname <> o.element_type OR EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.name IS NOT NULL AND p.form <> 'plain') THEN
    RETURN QUERY SELECT 'part_stays_in_side_table',
                        format('the vectors of part %s stay in %s: %s', t.part, m.to_relation,
                               CASE WHEN a.typname <> o.element_type THEN format('they are of type %s, and column %I is of type %s', o.element_type, a.attname, a.typname)
                                    ELSE 'their index holds less than the vectors' END),
                        'leave the campaign at the switch, where it ends, or go back with npm run migrate down';
    RETURN;
  END IF;
  IF a.atttypmod NOT IN (-1, o.dimensions) THEN
    RETURN QUERY SELECT 'column_has_dimensions', format('column %I takes vectors of %s dimensions, and those of %s have %s', a.attname, a.atttypmod, o.name, o.dimensions),
                        format('ALTER TABLE %s ALTER COLUMN %I TYPE %I.%s, or leave the campaign at the switch', t.relation, a.attname, reembed.vector_schema(), a.typname);
  END IF;
  IF a.attnotnull THEN
    RETURN QUERY SELECT 'column_not_null', format('column %I is NOT NULL, and a row that waits for its new vector has none', a.attname),
                        format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL, or leave the campaign at the switch', t.relation, a.attname);
  END IF;
  SELECT string_agg(format('%s is now %s', w.former, w.present), ', ') INTO v_renamed
    FROM (SELECT t.part_names[n.position] AS former, reembed.column_name(t.relation, n.attnum) AS present FROM unnest(t.part_attnums) WITH ORDINALITY AS n(attnum, position)) AS w
   WHERE w.former <> w.present;
  IF v_renamed IS NOT NULL THEN
    RETURN QUERY SELECT 'part_column_renamed', format('columns of the clause were renamed: %s; no index can be built with it', v_renamed), 'rename them back, or leave the campaign at the switch';
    RETURN;
  END IF;
  RETURN QUERY
    SELECT 'index_of_other_rows', format('index %s also holds other rows, and takes no vectors of %s dimensions', i.name, o.dimensions),
           'replace it by indexes with a condition that names the rows of one part each, or leave the campaign at the switch'
      FROM reembed.part_indexes(p_name) AS i WHERE i.kind = 'unfit';
  RETURN QUERY
    SELECT DISTINCT 'dependent_object', format('%s uses the side table %s', c.oid::regclass, m.to_relation), format('create it again to read %I (DROP VIEW first: the type of its vectors changes), or drop it', t.live_view)
      FROM pg_depend AS d JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class AS c ON c.oid = r.ev_class
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = m.to_relation AND c.relnamespace <> 'reembed'::regnamespace
       AND NOT (c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = reembed.view_schema(t.name)) AND c.relname IN (t.live_view, reembed.model_view_name(t.name, m.to_model)));
END;
$$;
COMMENT ON FUNCTION reembed.part_gate IS 'Conditions that prevent the contract of a part beside those of every contract.';
