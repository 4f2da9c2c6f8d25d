-- Only the key of an expression has a statistics target.
CREATE OR REPLACE FUNCTION reembed.set_index_properties(p_index regclass, p_name name, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  c record;
  v_statement text;
BEGIN
  SELECT k.relname AS name, obj_description(k.oid, 'pg_class') AS comment, coalesce(a.attstattarget, -1) AS statistics, i.indkey[0] = 0 AS is_expression
    INTO STRICT c
    FROM pg_class AS k JOIN pg_index AS i ON i.indexrelid = k.oid JOIN pg_attribute AS a ON a.attrelid = k.oid AND a.attnum = 1
   WHERE k.oid = p_index;
  FOR v_statement IN
    SELECT reembed.render(w.statement, jsonb_build_object('index', p_index::text, 'name', quote_ident(p_name), 'statistics', p_wanted ->> 'statistics', 'comment', quote_nullable(p_wanted ->> 'comment')))
      FROM (VALUES (1, 'COMMENT ON INDEX {index} IS {comment}', p_wanted IS NOT NULL AND p_wanted ->> 'comment' IS DISTINCT FROM c.comment),
                   (2, 'ALTER INDEX {index} ALTER COLUMN 1 SET STATISTICS {statistics}', c.is_expression AND (p_wanted ->> 'statistics')::integer <> c.statistics),
                   (3, 'ALTER INDEX {index} RENAME TO {name}', p_name <> c.name)) AS w(step, statement, is_wanted)
     WHERE w.is_wanted
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.set_index_properties IS 'Gives an index a name, and comment and statistics target as describe_column() returned them; null leaves these as they are.';
