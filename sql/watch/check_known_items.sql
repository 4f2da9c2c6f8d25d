CREATE OR REPLACE FUNCTION reembed.check_known_items(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
  m reembed.campaign;
  v record;
BEGIN
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = p_target;
  SELECT * INTO m FROM reembed.campaign WHERE target = p_target AND phase IN ('index', 'switch');
  FOR v IN
    SELECT w.kind, w.severity, w.model, reembed.known_item_share(p_target, w.model) AS share
      FROM (VALUES ('known_items', 'critical', m.to_model), ('old_known_items', 'warning', m.from_model)) AS w(kind, severity, model)
  LOOP
    RETURN QUERY SELECT v.kind, v.severity, v.model, CASE WHEN m.name IS NULL THEN false ELSE v.share < s.min_known_items END,
                        format('only %s %% of rows are found by their own text with %s (min_known_items: %s)', round(100 * v.share::numeric, 0), v.model, s.min_known_items),
                        jsonb_build_object('share', v.share, 'min_known_items', s.min_known_items);
  END LOOP;

  SELECT count(*) AS searches, count(k.error) AS errors, max(k.error) AS error INTO v
    FROM (SELECT i.error FROM reembed.known_item AS i
           WHERE i.target = p_target AND i.model = m.to_model AND i.at > clock_timestamp() - s.watch_window ORDER BY i.id DESC LIMIT 5) AS k;
  RETURN QUERY SELECT 'provider', 'warning', m.to_model, CASE WHEN m.name IS NULL THEN false WHEN v.searches >= 5 THEN v.errors = v.searches END,
                      format('the provider of %s returns no vectors to the watch: %s', m.to_model, v.error), jsonb_build_object('error', v.error);
END;
$$;
COMMENT ON FUNCTION reembed.check_known_items IS 'Check of the watch: the rows that were searched for by their own text.';
