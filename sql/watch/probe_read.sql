-- With the owner's rights: a worker need not be allowed to search, and learns nothing but the time.
CREATE OR REPLACE FUNCTION reembed.probe_read(p_target text, p_is_idle boolean) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v reembed.vector_column;
  v_operator text;
  v_schema name;
  v_vector text;
  v_started_at timestamptz;
  v_milliseconds double precision;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT c.* INTO STRICT v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.is_read;
  SELECT format('OPERATOR(%I.%s)', n.nspname, CASE o.distance WHEN 'l2' THEN '<->' WHEN 'inner_product' THEN '<#>' ELSE '<=>' END) INTO STRICT v_operator
    FROM reembed.model AS o, pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE o.name = v.model AND e.extname = 'vector';
  SELECT n.nspname INTO STRICT v_schema FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = t.relation;
  -- A page or two, anywhere in the table.
  EXECUTE format('SELECT p.%1$I::text FROM %2$s AS p TABLESAMPLE SYSTEM (%3$s) WHERE p.%1$I IS NOT NULL LIMIT 1', v.column_name, v.relation,
                 least(100, 200.0 * current_setting('block_size')::integer / greatest(1, pg_relation_size(v.relation)))) INTO v_vector;
  IF v_vector IS NULL THEN
    RETURN NULL;
  END IF;
  v_started_at := clock_timestamp();
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %I.%I AS l ORDER BY l.%I %s $1::%s LIMIT 10) AS found', v_schema, t.live_view, t.column_name, v_operator,
                 (SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a WHERE a.attrelid = v.relation AND a.attname = v.column_name)) USING v_vector;
  v_milliseconds := extract(epoch FROM clock_timestamp() - v_started_at) * 1000;
  DELETE FROM reembed.read_probe AS p WHERE p.target = p_target AND p.at < clock_timestamp() - interval '1 hour' AND NOT p.is_idle;
  INSERT INTO reembed.read_probe (target, milliseconds, is_idle) VALUES (p_target, v_milliseconds, p_is_idle);
  RETURN v_milliseconds;
END;
$$;
COMMENT ON FUNCTION reembed.probe_read IS 'Makes one search through the live view and puts on record how long it took, in milliseconds; null when there is no vector to search for.';
