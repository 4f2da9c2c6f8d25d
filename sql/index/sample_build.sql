-- A sample is the only measure that covers the server, the distance, the parameters and the distribution of the vectors at once.
CREATE OR REPLACE FUNCTION reembed.sample_build(
  p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows integer, p_share double precision,
  OUT rows integer, OUT seconds double precision
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  v_names constant jsonb := jsonb_build_object('key', p_key, 'table', p_relation::text, 'rows', p_rows, 'percent', least(100, 100 * p_share),
    'operator_class', p_operator_class, 'm', p_m, 'ef_construction', p_ef_construction);
  v_started timestamptz;
BEGIN
  EXECUTE reembed.render('
    CREATE TEMPORARY TABLE reembed_sample ON COMMIT DROP AS
    SELECT {key} AS v FROM {table} TABLESAMPLE SYSTEM ({percent}) WHERE {key} IS NOT NULL LIMIT {rows}', v_names);
  GET DIAGNOSTICS rows = ROW_COUNT;
  -- TABLESAMPLE SYSTEM draws blocks, not rows: on a small table it may draw none.
  IF rows < p_rows / 2 THEN
    TRUNCATE pg_temp.reembed_sample;
    EXECUTE reembed.render('INSERT INTO pg_temp.reembed_sample SELECT {key} FROM {table} WHERE {key} IS NOT NULL LIMIT {rows}', v_names);
    GET DIAGNOSTICS rows = ROW_COUNT;
  END IF;
  v_started := clock_timestamp();
  EXECUTE reembed.render('CREATE INDEX ON pg_temp.reembed_sample USING hnsw (v {operator_class}) WITH (m = {m}, ef_construction = {ef_construction})', v_names);
  seconds := extract(epoch FROM clock_timestamp() - v_started);
  DROP TABLE pg_temp.reembed_sample;
END;
$$;
COMMENT ON FUNCTION reembed.sample_build IS 'Builds an HNSW index over a sample of the vectors in a temporary table and returns how long it took.';
