CREATE OR REPLACE FUNCTION reembed.known_item_ms(p_target text, p_model text) RETURNS double precision
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN count(*) >= 10 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY k.ms) END
    FROM (SELECT i.ms FROM reembed.known_item AS i JOIN reembed.setting AS s ON s.target = i.target
           WHERE i.target = p_target AND i.model = p_model AND i.ms IS NOT NULL AND i.at > clock_timestamp() - s.watch_window
           ORDER BY i.id DESC LIMIT 20) AS k;
$$;
COMMENT ON FUNCTION reembed.known_item_ms IS 'Median time of the newest searches for known items with a model, in milliseconds; null while there are too few.';
