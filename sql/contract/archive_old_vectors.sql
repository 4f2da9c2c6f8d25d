-- Files of campaigns that were made before begin_archive() was call this, in one transaction with all that follows.
CREATE OR REPLACE FUNCTION reembed.archive_old_vectors(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_archive name := reembed.archive_name(p_name);
  v_old_column jsonb;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  -- Rows whose version is younger than this snapshot may be missing from the copy; archive_late_changes() takes them.
  v_old_column := reembed.describe_column(t.relation, m.from_column) || jsonb_build_object('snapshot_xmin', pg_snapshot_xmin(pg_current_snapshot())::text);
  EXECUTE format('CREATE TABLE reembed.%1$I AS SELECT %2$s, t.%3$I AS archived_vector, reembed.text_hash((%4$s)::text) AS archived_text_hash FROM %5$s AS t WHERE t.%3$I IS NOT NULL AND NOT (%6$s)',
                 v_archive, reembed.key_columns_sql(t.name, 't'), m.from_column, reembed.row_text_sql(t.name), t.relation, reembed.has_failed_sql(t.name, m.from_model));
  EXECUTE format('ALTER TABLE reembed.%I ADD PRIMARY KEY (%s)', v_archive, reembed.key_columns_sql(t.name));
  EXECUTE format('COMMENT ON TABLE reembed.%I IS %L', v_archive, format('Vectors of %s that %s held until contract of %s. Dropped by: npm run purge', m.from_model, m.target, p_name));
  UPDATE reembed.migration SET archive = v_archive, old_column = v_old_column WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.archive_old_vectors IS 'Copies the old vectors to a table of their own, with the hash of the text they belong to; for campaigns of an earlier version.';
