-- SECURITY DEFINER, because workers may read every column of failed_row except the provider's own message.
CREATE OR REPLACE FUNCTION reembed.record_failed(p_target text, p_model text, p_refused jsonb, p_written text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_refused constant jsonb[] := ARRAY(SELECT (r.refused ->> 'key')::jsonb FROM jsonb_array_elements(p_refused) AS r(refused));
BEGIN
  INSERT INTO reembed.failed_row AS f (target, key, model, class, message, words)
  SELECT p_target, (r.refused ->> 'key')::jsonb, p_model, left(r.refused ->> 'class', 64), left(r.refused ->> 'message', 1000), left(r.refused ->> 'words', 1000)
    FROM jsonb_array_elements(p_refused) AS r(refused)
  ON CONFLICT (target, model, key_digest) DO UPDATE
    SET class = excluded.class, message = excluded.message, words = excluded.words, attempts = f.attempts + 1, failed_at = now();
  IF EXISTS (SELECT FROM reembed.failed_row WHERE target = p_target AND model = p_model) THEN
    DELETE FROM reembed.failed_row WHERE target = p_target AND model = p_model AND key = ANY (p_written::jsonb[]) AND key <> ALL (v_refused);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.record_failed IS 'Records rows that could not be embedded or stored in failed_row, and deletes from it those that got their vector.';
