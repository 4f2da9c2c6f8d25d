-- The newest twenty, so that a model that fails shows within minutes; fewer than ten are not significant.
CREATE OR REPLACE FUNCTION reembed.known_item_share(p_target text, p_model text) RETURNS double precision
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN count(*) >= 10 THEN avg(k.found::integer)::double precision END
    FROM (SELECT i.found FROM reembed.known_item AS i JOIN reembed.setting AS s ON s.target = i.target
           WHERE i.target = p_target AND i.model = p_model AND i.found IS NOT NULL AND i.at > clock_timestamp() - s.watch_window
           ORDER BY i.id DESC LIMIT 20) AS k;
$$;
COMMENT ON FUNCTION reembed.known_item_share IS 'Share of the newest known items that were found with a model, 0 to 1; null while there are too few.';
