CREATE OR REPLACE FUNCTION reembed.finish_index_build(p_name text, p_index name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_begun reembed.event;
  v_seconds double precision;
  v_text text;
BEGIN
  SELECT e.* INTO v_begun FROM reembed.begun_index_build(p_name) AS e;
  -- An INVALID index is refused by the next statement of the migration file.
  IF v_begun.id IS NULL OR NOT EXISTS (
    SELECT FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target
     CROSS JOIN LATERAL (SELECT unnest(ARRAY[t.relation, m.to_relation, m.from_relation]) AS relation UNION ALL SELECT p.leaf FROM reembed.planned_index AS p WHERE p.campaign = m.name AND p_index IN (p.name, p.old_name)) AS r
     WHERE m.name = p_name AND reembed.valid_index(r.relation, p_index) IS NOT NULL)
  THEN
    RETURN;
  END IF;
  v_seconds := extract(epoch FROM clock_timestamp() - v_begun.at);
  v_text := format('index %s built in %s (%s)', p_index, reembed.seconds_text(v_seconds),
                   coalesce(substring(v_begun.reason FROM 'predicted .+$'), 'not predicted'));
  INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason)
  VALUES (v_begun.target, p_name, 'index_build', v_begun.from_value, round(v_seconds::numeric, 4), v_text);
  RAISE NOTICE '%', v_text;
END;
$$;
COMMENT ON FUNCTION reembed.finish_index_build IS 'Reports how long the build of an index took and what was predicted, and records both.';
