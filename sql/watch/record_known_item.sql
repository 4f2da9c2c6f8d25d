-- Found is a row also when the tenth is exactly as far: of many copies of one text not all can be among ten. A row that
-- changed meanwhile says nothing. Once the old model is not read its index is left alone, or contract, which waits until nobody
-- scans it, would never come: there the row must be nearer than a sample of others.
CREATE OR REPLACE FUNCTION reembed.record_known_item(p_target text, p_role text, p_key text, p_text_hash bigint, p_vector text, p_error text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  t reembed.target;
  v reembed.vector_column;
  v_distance text;
  v_own double precision;
  v_found boolean;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT * INTO v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.role = p_role;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF p_vector IS NULL THEN
    INSERT INTO reembed.known_item (target, model, key, error) VALUES (p_target, v.model, p_key::jsonb, p_error);
    RETURN NULL;
  END IF;
  SELECT format('OPERATOR(%I.%s) $1::%s', n.nspname, CASE o.distance WHEN 'l2' THEN '<->' WHEN 'inner_product' THEN '<#>' ELSE '<=>' END,
                (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a WHERE a.attrelid = v.relation AND a.attname = v.column_name)) INTO STRICT v_distance
    FROM reembed.model AS o, pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE o.name = v.model AND e.extname = 'vector';
  EXECUTE format('SELECT %1$s %2$s FROM %3$s AS t, (SELECT %4$s) AS w WHERE %5$s AND reembed.text_hash((%6$s)::text) = $3',
                 reembed.vector_sql(t.name, p_role), v_distance, t.relation, reembed.key_from_sql(t.name, '$2::jsonb', true), reembed.same_key_sql(t.name, 't', 'w'),
                 reembed.row_text_sql(t.name)) INTO v_own USING p_vector, p_key, p_text_hash;
  IF v_own IS NULL THEN
    RETURN NULL;
  END IF;
  IF p_role = 'old' AND NOT v.is_read THEN
    EXECUTE format('SELECT coalesce($3 <= min(s.distance) + 0.000001, true) FROM (
                      SELECT n.%1$I %2$s AS distance FROM %3$s AS n TABLESAMPLE SYSTEM (%4$s), (SELECT %5$s) AS w WHERE n.%1$I IS NOT NULL AND NOT (%6$s) LIMIT 100) AS s',
                   v.column_name, v_distance, v.relation, least(100, 500.0 * current_setting('block_size')::integer / greatest(1, pg_relation_size(v.relation))),
                   reembed.key_from_sql(t.name, '$2::jsonb', true), reembed.same_key_sql(t.name, 'n', 'w'))
      INTO v_found USING p_vector, p_key, v_own;
  ELSE
    EXECUTE format('SELECT coalesce(bool_or(f.is_own), false) OR count(*) = 10 AND abs(max(f.distance) - $3) <= 0.000001 FROM (
                      SELECT %1$s AS is_own, n.%2$I %3$s AS distance FROM %4$s AS n, (SELECT %5$s) AS w ORDER BY n.%2$I %3$s LIMIT 10) AS f',
                   reembed.same_key_sql(t.name, 'n', 'w'), v.column_name, v_distance, v.relation, reembed.key_from_sql(t.name, '$2::jsonb', true))
      INTO v_found USING p_vector, p_key, v_own;
  END IF;
  INSERT INTO reembed.known_item (target, model, key, found) VALUES (p_target, v.model, p_key::jsonb, v_found);
  RETURN v_found;
END;
$$;
COMMENT ON FUNCTION reembed.record_known_item IS 'Searches for a row by the vector of its own text and puts on record whether it was found among the nearest, or the error that left it without a vector; null when nothing can be told.';
