CREATE OR REPLACE FUNCTION reembed.drop_bridge(p_campaign text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_function regprocedure;
BEGIN
  FOR v_function IN SELECT f.oid FROM reembed.bridge_function(p_campaign) AS f(oid) LOOP
    PERFORM reembed.drop_search_function(v_function);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_bridge IS 'Drops the function that searches over the bridge of a campaign.';
