-- Runs with the installer's rights, so that an application needs none on the table; but only for roles that may search, and only while a bridge serves a
-- backfill. What is stored are keys of rows that wait for their vector anyway, so a report changes the order of the work and never its amount. It only appends:
-- an entry that is counted up would make one report wait for another. It returns nothing, because row level security may hide a row from the one who reports it.
CREATE OR REPLACE FUNCTION reembed.report_wanted(p_target text, p_keys jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target constant text := reembed.resolve_target(p_target);
  v_most_rows constant bigint := 10000;
  v_most_keys constant integer := 1000;
BEGIN
  IF current_setting('transaction_read_only') = 'on' THEN
    RETURN;
  END IF;
  IF NOT reembed.may_read(v_target) THEN
    RAISE EXCEPTION '% may not read the live view of %', session_user, v_target USING ERRCODE = '42501';
  END IF;
  IF jsonb_typeof(p_keys) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'the keys of wanted rows must be a JSON array of objects' USING ERRCODE = '22023';
  ELSIF jsonb_array_length(p_keys) > v_most_keys THEN
    RAISE EXCEPTION 'a report can have at most % keys, not %', v_most_keys, jsonb_array_length(p_keys) USING ERRCODE = '22023';
  END IF;
  IF NOT EXISTS (SELECT FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = v_target AND m.phase = 'backfill')
     OR NOT reembed.is_within_rate('reembed.wanted_report_count') THEN
    RETURN;
  END IF;
  INSERT INTO reembed.wanted_row (target, key)
  SELECT v_target, n.key FROM reembed.lacking(v_target, ARRAY(SELECT DISTINCT k.key FROM jsonb_array_elements(p_keys) AS k(key))) AS n(key)
   LIMIT greatest(0, v_most_rows - (SELECT count(*) FROM reembed.wanted_row AS w WHERE w.target = v_target));
END;
$$;
COMMENT ON FUNCTION reembed.report_wanted IS 'Reports rows without a new vector that searches found, by their keys, so that workers embed them first. Open to roles that may read the live view of the target; at most 1,000 keys a call, 6,000 calls a minute and 10,000 waiting reports of a target.';
