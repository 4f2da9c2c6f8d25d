-- Of a text that is gone: it was kept for as long as the old model was read, and no worker has renewed it since. What is
-- noted under the lock is all there is, because nobody can write.
CREATE OR REPLACE FUNCTION reembed.leave_out_noted(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  v_target text;
BEGIN
  SELECT m.target INTO STRICT v_target FROM reembed.migration AS m WHERE m.name = p_name;
  EXECUTE format('DELETE FROM reembed.%1$I AS a USING (SELECT %2$s FROM reembed.stale_row AS r WHERE r.target = $1 AND r.needs_old) AS l WHERE %3$s',
                 reembed.archive_name(p_name), reembed.key_from_sql(v_target, 'r.key', true), reembed.same_key_sql(v_target, 'a', 'l')) USING v_target;
END;
$$;
COMMENT ON FUNCTION reembed.leave_out_noted IS 'Takes out of the archive of a campaign the old vectors that are noted as out of date.';
