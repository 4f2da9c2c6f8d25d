-- Follows archive_old_vectors(), under the lock that also drops the column. It reads row headers, not vectors.
CREATE OR REPLACE FUNCTION reembed.archive_late_changes(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_keys text;
  v_late bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_keys := reembed.key_columns_sql(t.name);
  EXECUTE format($q$
    INSERT INTO reembed.%1$I AS a
    SELECT %2$s, t.%3$I, reembed.text_hash((%4$s)::text)
      FROM %5$s AS t
     WHERE age(t.xmin) <= age(($1)::xid8::xid) AND t.%3$I IS NOT NULL AND NOT (%7$s)
    ON CONFLICT (%6$s) DO UPDATE SET archived_vector = excluded.archived_vector, archived_text_hash = excluded.archived_text_hash
  $q$, m.archive, reembed.key_columns_sql(t.name, 't'), m.from_column, reembed.row_text_sql(t.name), t.relation, v_keys, reembed.has_failed_sql(t.name, m.from_model))
    USING m.old_column ->> 'snapshot_xmin';
  GET DIAGNOSTICS v_late = ROW_COUNT;
  PERFORM reembed.leave_out_noted(p_name);
  RETURN v_late;
END;
$$;
COMMENT ON FUNCTION reembed.archive_late_changes IS 'Brings the archive up to the rows that changed while it was being copied; returns how many. For campaigns of an earlier version.';
