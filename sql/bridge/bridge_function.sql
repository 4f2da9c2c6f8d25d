-- By its settings, which survive a dump, and a campaign that was deleted.
CREATE OR REPLACE FUNCTION reembed.bridge_function(p_campaign text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
   WHERE reembed.is_model_schema(n.nspname) AND 'reembed.bridge=' || p_campaign = ANY (p.proconfig)
$$;
COMMENT ON FUNCTION reembed.bridge_function IS 'The function that searches over the bridge of a campaign.';
