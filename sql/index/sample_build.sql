-- The only measure that knows the server, the distance, the parameters and how the vectors lie to each other, all in one.
CREATE OR REPLACE FUNCTION reembed.sample_build(
  p_relation regclass, p_column name, p_type text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows integer, p_share double precision,
  OUT rows integer, OUT seconds double precision
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  v_select constant text := format('SELECT %I::%s AS v FROM %s', p_column, p_type, p_relation);
  v_started timestamptz;
BEGIN
  EXECUTE format('CREATE TEMPORARY TABLE reembed_sample ON COMMIT DROP AS %s TABLESAMPLE SYSTEM (%s) WHERE %I IS NOT NULL LIMIT %s',
                 v_select, least(100, 100 * p_share), p_column, p_rows);
  GET DIAGNOSTICS rows = ROW_COUNT;
  -- Blocks are drawn, not rows: of a table of few blocks it may be none.
  IF rows < p_rows / 2 THEN
    TRUNCATE pg_temp.reembed_sample;
    EXECUTE format('INSERT INTO pg_temp.reembed_sample %s WHERE %I IS NOT NULL LIMIT %s', v_select, p_column, p_rows);
    GET DIAGNOSTICS rows = ROW_COUNT;
  END IF;
  v_started := clock_timestamp();
  EXECUTE format('CREATE INDEX ON pg_temp.reembed_sample USING hnsw (v %s) WITH (m = %s, ef_construction = %s)', p_operator_class, p_m, p_ef_construction);
  seconds := extract(epoch FROM clock_timestamp() - v_started);
  DROP TABLE pg_temp.reembed_sample;
END;
$$;
COMMENT ON FUNCTION reembed.sample_build IS 'Builds an HNSW index over a sample of the vectors, in a temporary table, and says how long it took.';
