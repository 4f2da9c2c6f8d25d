-- Creates a view of the expression, because pg_depend then lists the columns that it reads. The view is dropped in the same transaction, so no session sees
-- it.
CREATE OR REPLACE FUNCTION reembed.expression_columns(p_relation regclass, p_expression text) RETURNS smallint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_view text := format('reembed.expression_%s', txid_current());
  v_attnums smallint[];
  v_volatile text;
BEGIN
  EXECUTE reembed.render('CREATE VIEW {view} AS SELECT ({expression})::text AS content FROM {table} AS t',
                         jsonb_build_object('view', v_view, 'expression', p_expression, 'table', p_relation::text));
  SELECT array_agg(s.attnum::smallint ORDER BY s.attnum) INTO v_attnums
    FROM reembed.view_sources(v_view::regclass) AS s WHERE s.relation = p_relation AND s.attnum > 0;
  -- The parsed expression contains the OID of each function, including those of operators and casts.
  SELECT string_agg(DISTINCT p.oid::regprocedure::text, ', ') INTO v_volatile
    FROM pg_rewrite AS r CROSS JOIN regexp_matches(r.ev_action::text, ':(?:funcid|opfuncid) (\d+)', 'g') AS f(oid) JOIN pg_proc AS p ON p.oid = f.oid[1]::oid
   WHERE r.ev_class = v_view::regclass AND p.provolatile = 'v';
  IF v_volatile IS NOT NULL THEN
    RAISE EXCEPTION 'the text expression calls %, which is VOLATILE and may return a different text at each call', v_volatile
      USING ERRCODE = 'RE004', HINT = 'If it returns the same text for the same row, declare it IMMUTABLE or STABLE; otherwise remove it from the expression.';
  END IF;
  -- The expression refers to the whole row: take every column except vectors.
  IF pg_get_viewdef(v_view::regclass) ~ '\mt\.\*' THEN
    SELECT array_agg(a.attnum ORDER BY a.attnum) INTO v_attnums
      FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
     WHERE a.attrelid = p_relation AND a.attnum > 0 AND NOT a.attisdropped AND y.typname NOT IN (SELECT name FROM reembed.element_type);
  END IF;
  EXECUTE reembed.render('DROP VIEW {view}', jsonb_build_object('view', v_view));
  RETURN coalesce(v_attnums, '{}');
END;
$$;
COMMENT ON FUNCTION reembed.expression_columns IS 'Numbers of the columns that an expression over a table''s rows, named t, reads.';
