-- Locks in the order of a search, view before table: the opposite order could deadlock.
CREATE OR REPLACE FUNCTION reembed.lock_target(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_statement text;
BEGIN
  -- A table that is new to pg-reembed has no views yet; its migration file locks it.
  IF NOT EXISTS (SELECT FROM reembed.target WHERE name = p_target) THEN
    RETURN;
  END IF;
  -- A change of a setting locks the row of the setting first and dependent objects afterwards. Keep that order.
  PERFORM FROM reembed.setting WHERE target = p_target FOR NO KEY UPDATE;
  PERFORM reembed.replace_views(p_target);
  PERFORM reembed.replace_schema_views(t.relation, true) FROM reembed.target AS t WHERE t.name = p_target;
  FOR v_statement IN
    SELECT reembed.render('LOCK TABLE {relation} IN ACCESS EXCLUSIVE MODE', jsonb_build_object('relation', w.name))
      FROM (SELECT 1 AS step, format('reembed.row_%s', t.suffix) AS name FROM reembed.target AS t WHERE t.name = p_target
            UNION ALL SELECT 2, t.relation::text FROM reembed.target AS t WHERE t.name = p_target
            UNION ALL SELECT 3, v.relation::text FROM reembed.vector_column AS v WHERE v.target = p_target AND v.storage = 'side_table') AS w
     WHERE to_regclass(w.name) IS NOT NULL
     ORDER BY w.step
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.lock_target IS 'Locks the views of a target, then its table and its side tables, before a change of columns.';
