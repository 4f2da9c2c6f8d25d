CREATE OR REPLACE FUNCTION reembed.waits_for_text_sql(p_migration text, p_batch bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('EXISTS (SELECT FROM reembed.repeated_text AS r JOIN reembed.batch AS b ON b.migration = r.migration AND b.id = r.batch
                          WHERE r.migration = %L AND r.text_digest = reembed.text_digest((%s)::text) AND r.batch < %s AND (r.vector IS NOT NULL OR b.state = ''pending''))',
                p_migration, reembed.row_text_sql(m.target), p_batch)
    FROM reembed.migration AS m WHERE m.name = p_migration;
$$;
COMMENT ON FUNCTION reembed.waits_for_text_sql IS 'SQL that says of a row t whether its text is being, or was, embedded for another row, by an earlier batch.';
