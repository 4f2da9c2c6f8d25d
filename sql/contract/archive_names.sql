CREATE OR REPLACE FUNCTION reembed.archive_names(p_name text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT jsonb_build_object(
           'archive', format('reembed.%I', reembed.archive_name(m.name)),
           'late', format('reembed.late_%s', t.suffix),
           'archive_comment', quote_literal(format('Vectors of %s that %s held until contract of %s. Dropped by: npm run purge', m.from_model, m.target, m.name)),
           'restored_model', CASE WHEN m.from_version_attnum IS NULL THEN '' ELSE format(', old_model = %L', m.from_model) END)
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name
);
COMMENT ON FUNCTION reembed.archive_names IS 'Values of the template placeholders that concern the archive of a campaign.';
