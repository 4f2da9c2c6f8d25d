-- The bridge's own earlier share is the reference: how much it can keep depends on the two models, and grows with the backfill.
CREATE OR REPLACE FUNCTION reembed.check_bridge(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  b reembed.bridge;
  v record;
BEGIN
  SELECT c.* INTO m FROM reembed.campaign AS c JOIN reembed.setting AS s ON s.target = c.target AND s.read_model = c.from_model
   WHERE c.target = p_target AND c.phase IN ('expand', 'backfill', 'index');
  SELECT * INTO b FROM reembed.bridge AS f WHERE f.campaign = m.name;
  SELECT count(*) FILTER (WHERE k.place <= 20) AS n, count(*) FILTER (WHERE k.place <= 20 AND k.found) AS hits,
         count(*) FILTER (WHERE k.place > 20) AS earlier_n, count(*) FILTER (WHERE k.place > 20 AND k.found) AS earlier_hits INTO v
    FROM (SELECT i.found, row_number() OVER (ORDER BY i.id DESC) AS place FROM reembed.bridge_known_item AS i WHERE i.target = p_target AND i.at > b.fitted_at) AS k;
  RETURN QUERY SELECT 'bridge', 'warning', m.to_model,
                      CASE WHEN b.campaign IS NULL THEN false
                           WHEN v.n >= 20 AND v.earlier_n >= 20 THEN (SELECT w.high < e.low FROM reembed.wilson_interval(v.hits, v.n) AS w, reembed.wilson_interval(v.earlier_hits, v.earlier_n) AS e) END,
                      format('the bridge finds %s of the last %s known items, and found %s of %s before', v.hits, v.n, v.earlier_hits, v.earlier_n),
                      jsonb_build_object('found', v.hits, 'searched', v.n, 'found_before', v.earlier_hits, 'searched_before', v.earlier_n);
END;
$$;
COMMENT ON FUNCTION reembed.check_bridge IS 'Check of the watch: whether the share of known items that the bridge finds fell while the backfill advanced.';
