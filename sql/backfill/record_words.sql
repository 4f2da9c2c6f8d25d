-- Keeps only the newest message of each subject, so that the table stays small.
CREATE OR REPLACE FUNCTION reembed.record_words(p_subject text, p_words text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed.words (subject, words) VALUES (left(p_subject, 64), left(p_words, 1000))
  ON CONFLICT (subject) DO UPDATE SET words = excluded.words, said_at = clock_timestamp();
$$;
COMMENT ON FUNCTION reembed.record_words IS 'Keeps the last error message of another program for a kind of work.';
