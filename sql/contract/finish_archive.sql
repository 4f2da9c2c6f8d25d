-- Runs under the lock that also drops the column, so nothing can change after it. By the keys of what changed: going through
-- the table would hold up the application for as long.
CREATE OR REPLACE FUNCTION reembed.finish_archive(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_archive name := reembed.archive_name(p_name);
  v_late name := reembed.archive_name(p_name) || '_late';
  v_keys text;
  v_changed bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_keys := reembed.key_columns_sql(t.name);
  EXECUTE format('DELETE FROM reembed.%I AS a USING (SELECT DISTINCT %s FROM reembed.%I) AS l WHERE %s', v_archive, v_keys, v_late, reembed.same_key_sql(t.name, 'a', 'l'));
  EXECUTE format($q$
    INSERT INTO reembed.%1$I
    SELECT %2$s, t.%3$I, reembed.text_hash((%4$s)::text)
      FROM (SELECT DISTINCT %5$s FROM reembed.%6$I) AS l JOIN %7$s AS t ON %8$s
     WHERE t.%3$I IS NOT NULL AND NOT (%9$s)
  $q$, v_archive, reembed.key_columns_sql(t.name, 't'), m.from_column, reembed.row_text_sql(t.name), v_keys, v_late, t.relation,
       reembed.same_key_sql(t.name, 't', 'l'), reembed.has_failed_sql(t.name, m.from_model));
  GET DIAGNOSTICS v_changed = ROW_COUNT;

  PERFORM reembed.leave_out_noted(p_name);
  EXECUTE format('DROP TRIGGER %I ON %s', 'zz_reembed_archive_' || left(t.column_name, 39), t.relation);
  EXECUTE format('DROP FUNCTION reembed.%I()', 'late_' || reembed.capture_suffix(t.name));
  EXECUTE format('DROP TABLE reembed.%I', v_late);
  UPDATE reembed.migration SET archive = v_archive, old_column = reembed.describe_column(t.relation, m.from_column) WHERE name = p_name;
  RETURN v_changed;
END;
$$;
COMMENT ON FUNCTION reembed.finish_archive IS 'Brings the archive up to the rows that changed while it was being copied, and takes vectors of former texts out of it; returns how many rows changed.';
