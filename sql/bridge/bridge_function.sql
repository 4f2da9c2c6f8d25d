CREATE OR REPLACE FUNCTION reembed.bridge_function(p_campaign text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM reembed.search_function AS f
    JOIN pg_namespace AS n ON n.nspname = f.schema
    JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = f.name
   WHERE f.campaign = p_campaign AND reembed.is_model_schema(n.nspname)
$$;
COMMENT ON FUNCTION reembed.bridge_function IS 'The function that searches over the bridge of a campaign.';
