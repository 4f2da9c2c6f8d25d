-- Runs under the lock that also drops the column, so nothing can change after it. It reads row headers, not vectors.
CREATE OR REPLACE FUNCTION reembed.archive_late_changes(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_late bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    INSERT INTO reembed.%1$I AS a
    SELECT %2$s, t.%3$I, reembed.text_hash((%4$s)::text)
      FROM %5$s AS t
     WHERE age(t.xmin) <= age(($1)::xid8::xid) AND t.%3$I IS NOT NULL AND NOT (%7$s)
    ON CONFLICT (%6$s) DO UPDATE SET archived_vector = excluded.archived_vector, archived_text_hash = excluded.archived_text_hash
  $q$, m.archive, reembed.key_columns_sql(t.name, 't'), m.from_column, reembed.row_text_sql(t.name), t.relation, reembed.key_columns_sql(t.name),
       reembed.has_failed_sql(t.name, m.from_model))
    USING m.old_column ->> 'snapshot_xmin';
  GET DIAGNOSTICS v_late = ROW_COUNT;

  -- Of a text that is gone: it was kept for as long as the old model was read, and no worker has renewed it since. What is
  -- noted now is all there is, because nobody can write.
  EXECUTE format($q$
    DELETE FROM reembed.%1$I WHERE (%2$s) IN (SELECT %3$s FROM reembed.stale_row AS r WHERE r.target = $1 AND r.needs_old)
  $q$, m.archive, reembed.key_columns_sql(t.name), reembed.key_from_sql(t.name, 'r.key'))
    USING t.name;
  RETURN v_late;
END;
$$;
COMMENT ON FUNCTION reembed.archive_late_changes IS 'Brings the archive up to the rows that changed while it was being copied, and takes vectors of former texts out of it; returns how many rows changed.';
