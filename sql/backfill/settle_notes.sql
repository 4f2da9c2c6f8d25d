-- Apart from the write of the vectors, because it may meet a note that is being renewed, and must not hold rows meanwhile.
CREATE OR REPLACE FUNCTION reembed.settle_notes(p_target text, p_migration text, p_role text, p_keys jsonb[], p_versions bigint[], p_gone jsonb[],
                                                p_stored integer, p_tokens bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  -- Whatever may have to be waited for comes before the notes: a write of the application waits for those.
  IF p_stored > 0 THEN
    UPDATE reembed.migration SET live_rows = live_rows + p_stored, live_tokens = live_tokens + p_tokens WHERE name = p_migration;
  END IF;
  -- A row that is gone cannot fail any more.
  DELETE FROM reembed.failed_row WHERE target = p_target AND key = ANY (p_gone);
  WITH done AS MATERIALIZED (
    SELECT s.key, s.key <> ALL (p_gone) AND CASE WHEN p_role = 'new' THEN s.needs_old ELSE s.needs_new END AS needs_more
      FROM unnest(p_keys, p_versions) AS note(key, version)
      JOIN reembed.stale_row AS s ON s.target = p_target AND s.key = note.key AND s.version = note.version
       FOR UPDATE OF s SKIP LOCKED
  ), kept AS (
    UPDATE reembed.stale_row AS s SET needs_new = s.needs_new AND p_role <> 'new', needs_old = s.needs_old AND p_role <> 'old'
      FROM done WHERE s.target = p_target AND s.key = done.key AND done.needs_more
  )
  DELETE FROM reembed.stale_row AS s USING done WHERE s.target = p_target AND s.key = done.key AND NOT done.needs_more;
END;
$$;
COMMENT ON FUNCTION reembed.settle_notes IS 'Takes one role''s need out of notes that were not renewed meanwhile, and deletes those that need nothing more.';
