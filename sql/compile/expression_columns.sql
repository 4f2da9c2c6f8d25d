-- Creates a view of the expression, because pg_depend then lists the columns that it reads. The view is dropped in the same transaction, so no session sees
-- it.
CREATE OR REPLACE FUNCTION reembed.expression_columns(p_relation regclass, p_expression text, p_joins jsonb DEFAULT '[]') RETURNS TABLE (relation oid, attnums smallint[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_view text := format('reembed.expression_%s', txid_current());
  v_fault record;
BEGIN
  EXECUTE reembed.render('CREATE VIEW {view} AS SELECT ({expression})::text AS content FROM {table} AS t {joins}',
                         jsonb_build_object('view', v_view, 'expression', p_expression, 'table', p_relation::text,
                                            'joins', (SELECT string_agg(f.join_sql, ' ' ORDER BY f.n) FROM reembed.join_facts(p_relation, p_joins) AS f)));
  SELECT f.* INTO v_fault FROM reembed.expression_faults(v_view::regclass, 1 + jsonb_array_length(p_joins)) AS f WHERE f.code <> 'unseen' ORDER BY f.code DESC LIMIT 1;
  IF v_fault.code = 'volatile' THEN
    RAISE EXCEPTION 'the text expression calls %, which is VOLATILE and may return a different text at each call', v_fault.object
      USING ERRCODE = 'RE004', HINT = 'If it returns the same text for the same row, declare it IMMUTABLE or STABLE; otherwise remove it from the expression.';
  ELSIF v_fault.code = 'reads' THEN
    RAISE EXCEPTION 'the text expression reads %, and a change of it would change no vector', v_fault.object
      USING ERRCODE = 'RE004', HINT = 'Join that table with create --text-from, and name its columns in the text.';
  END IF;
  RETURN QUERY
    SELECT w.relation, array_agg(DISTINCT w.attnum ORDER BY w.attnum)
      FROM (SELECT s.relation, s.attnum::smallint AS attnum FROM reembed.view_sources(v_view::regclass) AS s WHERE s.attnum > 0
            UNION ALL
            -- The expression refers to a whole row: take every column except vectors.
            SELECT j.relation, a.attnum
              FROM (SELECT p_relation::oid AS relation, 't' AS alias
                    UNION ALL SELECT to_regclass(e.value ->> 'table')::oid, e.value ->> 'alias' FROM jsonb_array_elements(p_joins) AS e(value)) AS j
              JOIN pg_attribute AS a ON a.attrelid = j.relation
              JOIN pg_type AS y ON y.oid = a.atttypid
             WHERE a.attnum > 0 AND NOT a.attisdropped AND y.typname NOT IN (SELECT e.name FROM reembed.element_type AS e)
               AND pg_get_viewdef(v_view::regclass) ~ ('\m' || j.alias || '\.\*')) AS w
     GROUP BY w.relation;
  EXECUTE reembed.render('DROP VIEW {view}', jsonb_build_object('view', v_view));
END;
$$;
COMMENT ON FUNCTION reembed.expression_columns IS 'Numbers of the columns that an expression reads, of the table whose rows are named t and of the tables that are joined to it.';
