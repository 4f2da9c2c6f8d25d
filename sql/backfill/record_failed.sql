-- SECURITY DEFINER, because workers may read every column of failed_row except the provider's own message.
CREATE OR REPLACE FUNCTION reembed.record_failed(p_target text, p_model text, p_refused jsonb, p_written text[]) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_refused constant jsonb[] := ARRAY(SELECT (r.refused ->> 'key')::jsonb FROM jsonb_array_elements(p_refused) AS r(refused));
  v_left text[] := '{}';
BEGIN
  IF cardinality(v_refused) > 0 THEN
    -- One at a time, so that workers together park no more than one alone. It is held for this statement only.
    PERFORM pg_advisory_xact_lock(hashtextextended('reembed.record_failed ' || p_target, 0));
    v_left := reembed.rows_beyond(p_target, p_model, p_refused);
    INSERT INTO reembed.failed_row AS f (target, key, model, class, message, words)
    SELECT p_target, (r.refused ->> 'key')::jsonb, p_model, left(r.refused ->> 'class', 64), left(r.refused ->> 'message', 1000), left(r.refused ->> 'words', 1000)
      FROM jsonb_array_elements(p_refused) AS r(refused) WHERE r.refused ->> 'key' <> ALL (v_left)
    ON CONFLICT (target, model, key_digest) DO UPDATE
      SET class = excluded.class, message = excluded.message, words = excluded.words, attempts = f.attempts + 1, failed_at = now();
    IF cardinality(v_left) > 0 THEN
      PERFORM reembed.stop_parking(p_target);
    END IF;
  END IF;
  IF EXISTS (SELECT FROM reembed.failed_row WHERE target = p_target AND model = p_model) THEN
    DELETE FROM reembed.failed_row WHERE target = p_target AND model = p_model AND key = ANY (p_written::jsonb[]) AND key <> ALL (v_refused);
  END IF;
  RETURN v_left;
END;
$$;
COMMENT ON FUNCTION reembed.record_failed IS 'Records rows that could not be embedded or stored in failed_row, and deletes from it those that got their vector. Returns the keys of rows beyond the number that may be recorded in ten minutes; the target is then paused.';
