CREATE OR REPLACE FUNCTION reembed.draw_known_items(p_target text) RETURNS TABLE (key text, content text, text_hash bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  t reembed.target;
  v_rows integer;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT s.known_items INTO v_rows
    FROM reembed.setting AS s JOIN reembed.migration AS m ON m.target = s.target AND m.phase IN ('index', 'switch')
   WHERE s.target = p_target
     -- An alert about it could not close if nobody looked any more.
     AND (s.canary_percent > 0 OR s.shadow_percent > 0 OR s.read_model = m.to_model
          OR EXISTS (SELECT FROM reembed.alert AS a WHERE a.target = s.target AND a.closed_at IS NULL AND a.kind IN ('known_items', 'old_known_items', 'overlap', 'provider')));
  IF coalesce(v_rows, 0) = 0 THEN
    RETURN;
  END IF;
  -- A few dozen pages, anywhere in the table; short texts first, because they are paid for every minute.
  RETURN QUERY EXECUTE format($q$
    SELECT s.key::text, s.content, reembed.text_hash(s.content)
      FROM (SELECT %1$s AS key, (%2$s)::text AS content
              FROM %3$s AS t TABLESAMPLE SYSTEM (%4$s)
             WHERE %5$s IS NOT NULL AND %6$s IS NOT NULL AND NOT %7$s) AS s
     WHERE reembed.has_text(s.content)
     ORDER BY length(s.content) > 2000, random() LIMIT $1
  $q$, reembed.key_sql(t.name, 't'), reembed.row_text_sql(t.name), t.relation,
       least(100, 5000.0 * current_setting('block_size')::integer / greatest(1, pg_relation_size(t.relation))),
       reembed.vector_sql(t.name, 'new'), reembed.vector_sql(t.name, 'old'), reembed.is_noted_sql(t.name, 'true')) USING v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.draw_known_items IS 'Some rows at random with both vectors, to be searched for by their own text; none while nobody reads the new model.';
