CREATE OR REPLACE FUNCTION reembed.apply_bridge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM reembed.drop_bridge(OLD.campaign);
  ELSE
    PERFORM reembed.replace_bridge(NEW.campaign);
  END IF;
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.apply_bridge IS 'Makes the function that searches over a bridge in the transaction that stores its map, and drops it with the map.';

CREATE OR REPLACE TRIGGER apply_bridge AFTER INSERT OR UPDATE OR DELETE ON reembed.bridge FOR EACH ROW EXECUTE FUNCTION reembed.apply_bridge();
COMMENT ON TRIGGER apply_bridge ON reembed.bridge IS 'See reembed.apply_bridge().';
