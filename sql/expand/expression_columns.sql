-- PostgreSQL itself says what an expression reads, once a view is made of it; the view never lives to be seen.
CREATE OR REPLACE FUNCTION reembed.expression_columns(p_relation regclass, p_expression text, OUT columns name[], OUT reads_whole_row boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_view name := 'expression_' || txid_current();
BEGIN
  EXECUTE format('CREATE VIEW reembed.%I AS SELECT (%s)::text AS content FROM %s AS t', v_view, p_expression, p_relation);
  SELECT array_agg(a.attname ORDER BY a.attnum) INTO columns
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p_relation
    JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE r.ev_class = format('reembed.%I', v_view)::regclass AND d.refobjsubid > 0;
  reads_whole_row := pg_get_viewdef(format('reembed.%I', v_view)::regclass) ~ '\mt\.\*';
  EXECUTE format('DROP VIEW reembed.%I', v_view);
END;
$$;
COMMENT ON FUNCTION reembed.expression_columns IS 'Columns of a table that an expression over its rows, named t, reads.';
