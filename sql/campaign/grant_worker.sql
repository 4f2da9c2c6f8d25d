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
COMMENT ON FUNCTION reembed.grant_worker IS 'Lets a role be the role of workers: it can embed, and neither read nor change a table of the user''s, nor judge, nor switch.';
