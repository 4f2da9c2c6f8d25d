CREATE OR REPLACE FUNCTION reembed.trim_shadow_reads() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM reembed.shadow_read AS r
   USING reembed.setting AS s,
         LATERAL (SELECT k.id FROM reembed.shadow_read AS k WHERE k.target = s.target ORDER BY k.id DESC OFFSET s.shadow_rows LIMIT 1) AS newest_to_go
   WHERE r.target = s.target AND r.id <= newest_to_go.id;
$$;
COMMENT ON FUNCTION reembed.trim_shadow_reads IS 'Deletes the oldest shadow reads of each target beyond shadow_rows.';
