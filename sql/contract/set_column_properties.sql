CREATE OR REPLACE FUNCTION reembed.set_column_properties(p_relation regclass, p_column name, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_present constant jsonb := reembed.describe_column(p_relation, p_column);
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT reembed.render(w.statement, jsonb_build_object('table', p_relation::text, 'column', quote_ident(p_column),
             'storage', CASE p_wanted ->> 'storage' WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' ELSE 'EXTERNAL' END,
             'compression', CASE p_wanted ->> 'compression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'DEFAULT' END,
             'statistics', p_wanted ->> 'statistics', 'options', p_wanted ->> 'options', 'comment', quote_nullable(p_wanted ->> 'comment')))
      FROM (VALUES (1, 'storage', 'ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {storage}', true),
                   (2, 'compression', 'ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION {compression}', true),
                   (3, 'statistics', 'ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {statistics}', true),
                   (4, 'options', 'ALTER TABLE {table} ALTER COLUMN {column} RESET (n_distinct, n_distinct_inherited)', true),
                   (5, 'options', 'ALTER TABLE {table} ALTER COLUMN {column} SET ({options})', p_wanted ->> 'options' IS NOT NULL),
                   (6, 'comment', 'COMMENT ON COLUMN {table}.{column} IS {comment}', true)) AS w(step, property, statement, is_possible)
     WHERE p_wanted ->> w.property IS DISTINCT FROM v_present ->> w.property AND w.is_possible
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.set_column_properties IS 'Gives a column storage, compression, statistics target, options and comment as describe_column() returned them.';
