CREATE OR REPLACE FUNCTION reembed.drop_join_logs(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_log record;
BEGIN
  FOR v_log IN
    SELECT format('reembed.join_change_%s_%s', n, t.suffix) AS name FROM reembed.target AS t CROSS JOIN LATERAL generate_series(1, cardinality(t.joined_tables)) AS n
     WHERE t.name = p_target AND to_regclass(format('reembed.join_change_%s_%s', n, t.suffix)) IS NOT NULL
  LOOP
    -- Before the log is dropped, the view must not read it.
    UPDATE reembed.target SET joined_tables = '{}' WHERE name = p_target AND cardinality(joined_tables) > 0;
    PERFORM reembed.replace_change_view();
    EXECUTE reembed.render('DROP TABLE {name}', to_jsonb(v_log));
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_join_logs IS 'Drops the change logs of the joined tables of a target.';
