CREATE OR REPLACE FUNCTION reembed.check_row_security(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'row_security', 'warning', NULL::text, count(d.code) > 0, coalesce(min(d.damage) || '; ' || min(d.remedy), ''), '{}'::jsonb
    FROM reembed.damage AS d WHERE d.target = p_target AND d.code = 'row_security';
$$;
COMMENT ON FUNCTION reembed.check_row_security IS 'Check of the watch: row level security on a table whose vectors are in a side table.';
