-- Runs with the installer's rights, so that an application needs none on the table; but only for roles that may search, and only while shadow reads are on.
-- Input becomes a code and numbers within bounds, so that computations on it cannot fail.
CREATE OR REPLACE FUNCTION reembed.record_shadow_read(
  p_target text, p_served_model text, p_shadow_model text, p_is_canary boolean, p_k integer, p_overlap double precision,
  p_served_ms double precision, p_shadow_ms double precision, p_served_embedding_ms double precision, p_shadow_embedding_ms double precision,
  p_key_hash bigint, p_query text, p_error text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  s reembed.setting;
  v_most_ms constant double precision := 3600000;
  v_id bigint;
BEGIN
  IF current_setting('transaction_read_only') = 'on' THEN
    RETURN;
  END IF;
  IF NOT reembed.may_read(v_target) THEN
    RAISE EXCEPTION '% may not read the live view of %', session_user, v_target USING ERRCODE = '42501';
  END IF;
  SELECT * INTO s FROM reembed.setting AS g WHERE g.target = v_target;
  IF s.shadow_percent = 0 OR p_error IS NULL AND (p_overlap BETWEEN 0 AND 1) IS NOT TRUE
     -- A campaign may have ended since the search.
     OR (SELECT count(*) FROM reembed.vector_column AS v WHERE v.target = v_target AND v.model IN (p_served_model, p_shadow_model)) <> 2
     OR NOT reembed.is_within_rate('reembed.shadow_read_count') THEN
    RETURN;
  END IF;
  INSERT INTO reembed.shadow_read (target, served_model, shadow_model, is_canary, k, overlap, served_ms, shadow_ms, served_embedding_ms,
                                   shadow_embedding_ms, key_hash, query, error)
  VALUES (v_target, p_served_model, p_shadow_model, coalesce(p_is_canary, false), reembed.bounded(p_k, 100000), CASE WHEN p_error IS NULL THEN p_overlap END,
          reembed.bounded(p_served_ms, v_most_ms), reembed.bounded(p_shadow_ms, v_most_ms),
          reembed.bounded(p_served_embedding_ms, v_most_ms), reembed.bounded(p_shadow_embedding_ms, v_most_ms),
          p_key_hash, CASE WHEN s.shadow_keeps_text THEN left(p_query, 2000) END,
          CASE WHEN p_error ~ '^[A-Za-z0-9_]{1,40}$' THEN p_error WHEN p_error IS NOT NULL THEN 'other' END)
  RETURNING id INTO v_id;
  -- Under SERIALIZABLE the search for old rows would cause serialization failures of concurrent transactions. The watch trims as well.
  IF v_id % 100 = 0 AND current_setting('transaction_isolation') <> 'serializable' THEN
    PERFORM reembed.trim_shadow_reads();
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.record_shadow_read IS 'Records one shadow read. Open to roles that may read the live view of the target; stores nothing while shadow_percent is 0, and at most 6,000 a minute.';
