CREATE OR REPLACE FUNCTION reembed.fit_change_log(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_log text := (SELECT format('reembed.change_%s', t.suffix) FROM reembed.target AS t WHERE t.name = p_target);
  v_statement text;
BEGIN
  FOR v_statement IN
    WITH logged AS MATERIALIZED (
      SELECT v_log AS log, 'key_' || k.n AS column_name, k.names ->> 'type' AS type, k.names ->> 'collation' AS collation_sql FROM reembed.key_names(p_target) AS k
      UNION ALL
      SELECT format('reembed.join_change_%s_%s', j.n, t.suffix), 'after_' || k.n, k.names ->> 'type', k.names ->> 'collation'
        FROM reembed.target AS t CROSS JOIN LATERAL generate_series(1, cardinality(t.joined_tables)) AS j(n) CROSS JOIN LATERAL reembed.key_names(t.name) AS k WHERE t.name = p_target
      UNION ALL
      SELECT format('reembed.join_change_%s_%s', c.n, t.suffix), 'value_' || c.place, c.type, c.collation_sql
        FROM reembed.target AS t CROSS JOIN LATERAL reembed.join_columns(t.name) AS c WHERE t.name = p_target AND cardinality(t.joined_tables) > 0
    )
    SELECT reembed.render('ALTER TABLE {log} ALTER COLUMN {column_name} TYPE {type}{collation_sql} USING {column_name}::text::{type}', to_jsonb(l))
      FROM logged AS l
      JOIN pg_attribute AS a ON a.attrelid = to_regclass(l.log) AND a.attname = l.column_name
     WHERE format_type(a.atttypid, -1) <> l.type
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.fit_change_log IS 'Changes the columns of a target''s change logs to the present types of the columns that they stand for.';
