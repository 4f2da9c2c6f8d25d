CREATE OR REPLACE FUNCTION reembed.grant_worker(p_role name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_statement text;
BEGIN
  FOR v_statement IN SELECT g.statement FROM reembed.worker_grants(p_role) AS g LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.grant_worker IS 'Grants a role what a worker needs: it can embed, but neither read nor change the user''s tables, nor validate, nor switch.';
