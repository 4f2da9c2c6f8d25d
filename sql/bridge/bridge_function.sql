-- By its comment, which survives a dump, and a campaign that was deleted. A setting of our own would do, but only superusers may give one to a function.
CREATE OR REPLACE FUNCTION reembed.bridge_function(p_campaign text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
   WHERE reembed.is_model_schema(n.nspname) AND starts_with(p.proname, 'bridge_')
     AND right(obj_description(p.oid, 'pg_proc'), length(p_campaign) + 11) = 'Campaign: ' || p_campaign || '.'
$$;
COMMENT ON FUNCTION reembed.bridge_function IS 'The function that searches over the bridge of a campaign.';
