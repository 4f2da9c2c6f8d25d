-- Runs in transactions of the application, so it waits for no lock and raises no error.
CREATE OR REPLACE FUNCTION reembed.trim_shadow_reads() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM reembed.shadow_read WHERE id = ANY (ARRAY(
    SELECT r.id
      FROM reembed.setting AS s
     CROSS JOIN LATERAL (SELECT k.id FROM reembed.shadow_read AS k WHERE k.target = s.target ORDER BY k.id DESC OFFSET s.shadow_rows LIMIT 1) AS newest_to_go
      JOIN reembed.shadow_read AS r ON r.target = s.target AND r.id <= newest_to_go.id
       FOR UPDATE OF r SKIP LOCKED));
-- The snapshot of a REPEATABLE READ transaction shows rows that are already deleted; a later call deletes the rest.
EXCEPTION WHEN serialization_failure THEN
  NULL;
END;
$$;
COMMENT ON FUNCTION reembed.trim_shadow_reads IS 'Deletes the oldest shadow reads of each target beyond shadow_rows, except those that another transaction has locked.';
