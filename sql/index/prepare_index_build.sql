-- Settings of the session, not of a transaction: CREATE INDEX CONCURRENTLY, which follows, runs in its own transactions.
CREATE OR REPLACE FUNCTION reembed.prepare_index_build(
  p_name text, p_index name, p_method text, p_parameters text DEFAULT '', p_element_type text DEFAULT NULL, p_is_again boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  o reembed.model;
  s record;
  v_relation regclass;
  v_column name;
  v_vector_schema constant name := reembed.vector_schema();
  v_rows bigint;
  v_bytes bigint;
  v_vector_bytes integer;
  v_seconds double precision;
  v_text text;
  v_parallel boolean;
  -- The defaults of pgvector.
  v_m constant integer := coalesce(substring(p_parameters FROM '\mm\s*=\s*(\d+)')::integer, 16);
  v_ef_construction constant integer := coalesce(substring(p_parameters FROM '\mef_construction\s*=\s*(\d+)')::integer, 64);
  v_lists constant integer := coalesce(substring(p_parameters FROM '\mlists\s*=\s*(\d+)')::integer, 100);
  v_version text;
  v_element text;
  v_form text;
  v_dimensions integer;
  v_type text;
  v_operator_class name;
  v_is_new constant boolean := EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.name = p_index);
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_relation := coalesce(CASE WHEN v_is_new THEN m.to_relation ELSE m.from_relation END, t.relation);
  -- On the way back from the contract of a part, the side table is not yet that of the campaign.
  IF v_is_new AND m.moving = 'out_of_column' THEN
    v_relation := (m.old_column ->> 'side_table')::oid;
    m.to_attnum := (m.old_column ->> 'side_attnum')::smallint;
  END IF;
  -- A leaf need not have the column numbers of its parent.
  v_column := reembed.column_name(v_relation, CASE WHEN v_is_new THEN m.to_attnum ELSE m.from_attnum END);
  v_relation := coalesce((SELECT p.leaf FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.leaf IS NOT NULL AND p_index IN (p.name, p.old_name) LIMIT 1), v_relation);
  -- A migration file that is run again finds the index built, possibly without an end event.
  IF NOT p_is_again AND reembed.valid_index(v_relation, p_index) IS NOT NULL THEN
    INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason)
    SELECT e.target, p_name, e.kind, e.from_value, 'unknown', format('index %s was built by a run that was interrupted', p_index)
      FROM reembed.begun_index_build(p_name) AS e;
    RETURN;
  END IF;
  SELECT * INTO STRICT o FROM reembed.model WHERE name = CASE WHEN v_is_new THEN m.to_model ELSE m.from_model END;
  v_element := coalesce(p_element_type, o.element_type);
  SELECT p.form, p.dimensions INTO v_form, v_dimensions FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.name = p_index;
  v_form := coalesce(v_form, 'plain');
  v_dimensions := coalesce(v_dimensions, o.dimensions);
  -- The installed library determines which bugs apply, not the extension version recorded in the database.
  SELECT coalesce(a.default_version, e.extversion) INTO STRICT v_version
    FROM pg_extension AS e LEFT JOIN pg_available_extensions AS a ON a.name = e.extname WHERE e.extname = 'vector';
  EXECUTE reembed.render('SELECT count({vector}) FROM {table}', jsonb_build_object('vector', quote_ident(v_column), 'table', v_relation::text)) INTO v_rows;
  v_vector_bytes := reembed.indexed_bytes(v_form, v_element, v_dimensions);
  v_bytes := reembed.index_build_bytes(p_method, v_rows, v_dimensions, v_vector_bytes, v_m, v_lists);
  s := reembed.index_build_settings(
    p_method, v_version, v_bytes, v_rows * v_vector_bytes,
    pg_size_bytes(current_setting('maintenance_work_mem')),
    pg_size_bytes(current_setting('shared_buffers')),
    pg_size_bytes(nullif(current_setting('reembed.index_memory', true), '')),
    current_setting('max_parallel_maintenance_workers')::integer,
    CASE WHEN current_setting('reembed.embedded', true) IS NULL
         THEN least(current_setting('max_parallel_workers')::integer, current_setting('max_worker_processes')::integer) ELSE 0 END,
    nullif(current_setting('reembed.index_workers', true), '')::integer);
  PERFORM set_config('maintenance_work_mem', s.memory / 1024 || 'kB', false),
          set_config('max_parallel_maintenance_workers', s.workers::text, false);
  -- The planner counts only the main relation, not TOAST, where large vectors are stored, and would consider the table too small for a parallel build.
  IF s.workers > 0 AND v_rows * v_vector_bytes >= 32 * 1048576 THEN
    PERFORM set_config('min_parallel_table_scan_size', '0', false);
  END IF;
  v_parallel := s.workers > 0 AND s.memory >= 64 * 1048576
                AND pg_relation_size(v_relation) >= pg_size_bytes(current_setting('min_parallel_table_scan_size'));

  -- A sample cannot show how long k-means takes to converge.
  IF p_method = 'hnsw' THEN
    v_type := format('%I.%I', v_vector_schema, v_element);
    v_operator_class := CASE v_form WHEN 'binary' THEN 'bit_hamming_ops'
                          ELSE (SELECT CASE o.distance WHEN 'cosine' THEN e.cosine_operator_class WHEN 'l2' THEN e.l2_operator_class ELSE e.inner_product_operator_class END FROM reembed.element_type AS e WHERE e.name = v_element) END;
    v_seconds := reembed.predict_index_build(
      v_relation,
      CASE v_form WHEN 'plain' THEN format('%I::%s(%s)', v_column, v_type, v_dimensions) ELSE reembed.index_key(v_form, format('%I::%s', v_column, v_type), v_type, v_dimensions) END,
      format('%I.%I', v_vector_schema, v_operator_class),
      v_m, v_ef_construction, v_vector_bytes, v_rows, CASE WHEN v_parallel THEN s.workers ELSE 0 END);
  END IF;
  v_text := format('index %s over %s: %s of memory, %s, %s', p_index, reembed.counted(v_rows, 'row'),
    reembed.bytes_text(s.memory),
    CASE WHEN v_parallel THEN reembed.counted(s.workers, 'parallel worker') ELSE 'no parallel workers' END,
    CASE WHEN v_seconds IS NULL THEN 'time not predicted'
         ELSE 'predicted ' || CASE WHEN s.fits THEN '' ELSE 'at least ' END || reembed.seconds_text(v_seconds) END);
  INSERT INTO reembed.event (target, campaign, kind, from_value, reason)
  VALUES (m.target, p_name, 'index_build', round(v_seconds::numeric, 4), v_text);
  RAISE NOTICE '%', v_text;
  IF s.is_unsafe THEN
    RAISE NOTICE 'pgvector % can crash the server or leak data in a parallel index build (CVE-2026-3172); this build uses no parallel workers', v_version
      USING HINT = 'upgrade pgvector to 0.8.2 or newer';
  END IF;
  IF NOT s.fits THEN
    RAISE NOTICE 'the build needs % of memory but may use only %, so it will take many times longer or fail', reembed.bytes_text(v_bytes + 4 * 1048576), reembed.bytes_text(s.memory_limit)
      USING HINT = format('if the server has enough memory, set REEMBED_INDEX_MEMORY=%sMB', ceil(1.2 * v_bytes / 1048576) + 5);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.prepare_index_build IS 'Sets maintenance_work_mem and parallel workers of this session for the build of one index, predicts its duration, and reports both. p_is_again: for another index like this one, which is there.';
