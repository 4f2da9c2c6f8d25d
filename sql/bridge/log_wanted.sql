-- Wanted rows wait in the change log beside the rows that the application changed. There are at most 200 of both when wanted ones are added, so a changed row
-- waits for a few requests at most. A row at the batch API would be paid twice.
CREATE OR REPLACE FUNCTION reembed.log_wanted(p_target text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_most_waiting constant bigint := 200;
  v_waiting bigint;
  v_keys jsonb[];
BEGIN
  -- Every worker calls this; one of them is enough.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('reembed.wanted_row ' || p_target, 0)) THEN
    RETURN 0;
  END IF;
  IF NOT EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = p_target AND m.phase = 'backfill') OR reembed.batch_api_is_served(p_target) THEN
    DELETE FROM reembed.wanted_row AS w WHERE w.target = p_target;
    RETURN 0;
  END IF;
  SELECT count(*) INTO v_waiting FROM (SELECT FROM reembed.change AS c WHERE c.target = p_target LIMIT v_most_waiting) AS c;
  WITH wanted AS (
    SELECT w.key FROM reembed.wanted_row AS w WHERE w.target = p_target GROUP BY w.key ORDER BY count(*) DESC, min(w.id) LIMIT v_most_waiting - v_waiting
  ), taken AS (
    DELETE FROM reembed.wanted_row AS w USING wanted AS n WHERE w.target = p_target AND w.key = n.key
  )
  SELECT array_agg(n.key) INTO v_keys FROM wanted AS n;
  BEGIN
    -- Batches, or an earlier report, may have served some of them since.
    v_keys := ARRAY(SELECT n.key FROM reembed.lacking(p_target, v_keys) AS n(key));
    RETURN CASE WHEN cardinality(v_keys) > 0 THEN reembed.log_keys(p_target, v_keys, true, false) ELSE 0 END;
  EXCEPTION WHEN OTHERS THEN
    -- Such as keys of the type that the key had before. Reports are hints, and what waits behind this call is the work of all targets.
    RAISE WARNING 'reports of wanted rows of % are dropped: %', p_target, SQLERRM;
    RETURN 0;
  END;
END;
$$;
COMMENT ON FUNCTION reembed.log_wanted IS 'Adds the most wanted rows of a target to the change log while few changes wait there; returns how many. Forgets them when no backfill can serve them.';
