-- By their versions: what was noted meanwhile is another note, and stays.
CREATE OR REPLACE FUNCTION reembed.settle_notes(p_target text, p_migration text, p_role text, p_versions bigint[], p_gone jsonb[],
                                                p_stored integer, p_tokens bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  -- Under another campaign the roles are other models.
  IF NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = p_target AND v.migration = p_migration) THEN
    RETURN;
  END IF;
  IF p_stored > 0 THEN
    UPDATE reembed.migration SET live_rows = live_rows + p_stored, live_tokens = live_tokens + p_tokens WHERE name = p_migration;
  END IF;
  -- A row that is gone cannot fail any more.
  DELETE FROM reembed.failed_row WHERE target = p_target AND key = ANY (p_gone);
  WITH done AS MATERIALIZED (
    SELECT s.version, s.key <> ALL (p_gone) AND CASE WHEN p_role = 'new' THEN s.needs_old ELSE s.needs_new END AS needs_more
      FROM reembed.stale_row AS s
     WHERE s.target = p_target AND s.version = ANY (p_versions)
       FOR UPDATE SKIP LOCKED
  ), kept AS (
    UPDATE reembed.stale_row AS s SET needs_new = s.needs_new AND p_role <> 'new', needs_old = s.needs_old AND p_role <> 'old'
      FROM done WHERE s.target = p_target AND s.version = done.version AND done.needs_more
  )
  DELETE FROM reembed.stale_row AS s USING done WHERE s.target = p_target AND s.version = done.version AND NOT done.needs_more;
END;
$$;
COMMENT ON FUNCTION reembed.settle_notes IS 'Takes one role''s need out of notes, and deletes those that need nothing more.';
