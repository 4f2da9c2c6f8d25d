CREATE OR REPLACE FUNCTION reembed.acceptance_gate(p_name text, p_phase text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT h.code, h.condition, format('npm run migrate up -- --accept %s --reason "why"', h.code)
    FROM reembed.harms(p_name, p_phase) AS h WHERE NOT reembed.is_accepted(p_name, h.code, h.evidence);
$$;
COMMENT ON FUNCTION reembed.acceptance_gate IS 'Harms of a phase that are not accepted, or that have grown since they were accepted.';
