-- SECURITY DEFINER, so that a worker needs no rights on the compiled functions.
CREATE OR REPLACE FUNCTION reembed.expand_joins(p_target text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_function record;
  v_portion bigint;
  v_served bigint := 0;
BEGIN
  FOR v_function IN
    SELECT format('expand_join_%s_%s', n, t.suffix) AS name FROM reembed.target AS t CROSS JOIN LATERAL generate_series(1, cardinality(t.joined_tables)) AS n
     WHERE t.name = p_target ORDER BY n
  LOOP
    CONTINUE WHEN to_regproc('reembed.' || v_function.name) IS NULL;
    EXECUTE reembed.render('SELECT reembed.{name}(64, 1000)', to_jsonb(v_function)) INTO v_portion;
    v_served := v_served + v_portion;
  END LOOP;
  RETURN v_served;
END;
$$;
COMMENT ON FUNCTION reembed.expand_joins IS 'Logs the rows that depend on changed rows of joined tables, one portion; returns how many changes of joined tables it read, 0 when none waits.';
