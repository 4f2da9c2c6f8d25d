-- The newest campaign that embedded with the model decides: its main index is on the vectors that are there.
CREATE OR REPLACE FUNCTION reembed.index_form(p_target text, p_model text, OUT form text, OUT dimensions integer)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(p.form, 'plain'), coalesce(p.dimensions, o.dimensions)
    FROM reembed.model AS o
    LEFT JOIN LATERAL (SELECT m.name FROM reembed.campaign AS m WHERE m.target = p_target AND m.to_model = p_model ORDER BY m.created_at DESC LIMIT 1) AS m ON true
    LEFT JOIN reembed.planned_index AS p ON p.campaign = m.name AND p.is_main
   WHERE o.name = p_model
$$;
COMMENT ON FUNCTION reembed.index_form IS 'How the index that serves searches of a model holds its vectors: plain, as bits or by their first dimensions, and how many dimensions it holds.';
