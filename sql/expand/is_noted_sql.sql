-- IS NOT DISTINCT FROM keeps the planner from going through all notes of the target, whose number it does not know: the
-- key is what tells notes apart. As a scalar subquery it is looked up row by row and never becomes a join, which would be
-- planned by the statistics of a table that was empty a moment ago.
CREATE OR REPLACE FUNCTION reembed.is_noted_sql(p_target text, p_condition text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('((SELECT true FROM reembed.stale_row AS r WHERE r.key = %s AND r.target IS NOT DISTINCT FROM %L AND %s LIMIT 1) IS NOT NULL)',
                reembed.key_sql(p_target, 't'), p_target, p_condition);
$$;
COMMENT ON FUNCTION reembed.is_noted_sql IS 'SQL that says of a row t whether it has a note r for which a condition holds.';
