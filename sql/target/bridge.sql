-- The old index recalls, the new vectors rank: of the rows nearest to the query in the old space, those with a new vector are ranked by its distance, the
-- others by the distance that their old vector predicts. Where the new index is there, its rows join in, so that the result becomes that of the new model.
-- An HNSW search returns at most hnsw.ef_search rows. The SET clause confines to this call what the scans set. Without enable_sort = off, a small table would
-- be read through its primary key; the cost of a disabled step would start JIT compilation, which takes a second. An invalid index would be replaced by a scan of
-- the table, so it does not count. Planning is a tenth of a search, so the plan is kept. It is made for a tenth of the table as candidates, whatever is asked for:
-- so hash and merge joins, which might read the table for a few rows, are off, and little memory is prepared to merge the two lists.
CREATE OR REPLACE FUNCTION {function}(old_space_vector {vector_type}, new_vector {vector_type}, k integer DEFAULT 10, candidates integer DEFAULT 100, is_mapped boolean DEFAULT true)
RETURNS TABLE ({key_results}, distance double precision, has_new_vector boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off SET work_mem = '1MB'
SET hnsw.ef_search = 100{iterative_scan}
AS $body$
#variable_conflict use_variable
DECLARE
  v_has_new_index constant boolean := {index_is_valid};
BEGIN
  IF {vector_schema}.vector_dims($1) IS DISTINCT FROM {old_dimensions} OR {vector_schema}.vector_dims($2) IS DISTINCT FROM {new_dimensions} THEN
    RAISE EXCEPTION 'the query has % dimensions in the old space and % in the new one, but % has {old_dimensions} and % has {new_dimensions}', {vector_schema}.vector_dims($1), {vector_schema}.vector_dims($2), {old_model_name}, {new_model_name}
      USING ERRCODE = 'RE002', HINT = 'Embed the query with the new model and map it with the map of reembed.bridge_map().';
  END IF;
  IF (greatest($3, $4) <= 1000) IS NOT TRUE THEN
    RAISE EXCEPTION 'a search can have at most 1000 candidates and results, not %', greatest($3, $4) USING ERRCODE = '22023';
  END IF;
  IF $5 IS NOT TRUE AND NOT {is_calibrated} THEN
    RAISE EXCEPTION 'the old model was not asked when the bridge was fitted, so the distances of its queries are not calibrated'
      USING ERRCODE = '22023', HINT = 'Pass a mapped query, or fit again while the old model can be called: reembed bridge fit';
  END IF;
  RETURN QUERY
    {candidates_sql};
END
$body$;
