-- The index holds less than the vectors: it returns candidates, which are ranked again by the exact distance. An HNSW search returns at most hnsw.ef_search
-- rows. The SET clause confines set_config() to this call. Without enable_sort = off, a small table would be read through its primary key; the cost of a
-- disabled step would start JIT compilation, which takes a second.
CREATE OR REPLACE FUNCTION {function}(query {vector_type}, k integer DEFAULT 10, candidates integer DEFAULT {candidates}, model text DEFAULT NULL)
RETURNS TABLE ({key_results}, distance double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
SET enable_seqscan = off SET enable_sort = off SET hnsw.ef_search = {candidates}{iterative_scan}
AS $body$
#variable_conflict use_variable
BEGIN
  {check_query}
  IF greatest($2, $3) > 1000 THEN
    RAISE EXCEPTION 'a search can have at most 1000 candidates and results, not %', greatest($2, $3) USING ERRCODE = '22023';
  END IF;
  PERFORM set_config('hnsw.ef_search', greatest($2, $3, 1)::text, true);
  RETURN QUERY
    SELECT {n_keys}, n.vector {distance} $1::{type}
      FROM (SELECT {view_keys}, v.{view_vector} AS vector
              FROM {view} AS v
             WHERE v.{view_vector} IS NOT NULL
             ORDER BY {indexed_view} {indexed_distance} {indexed_view_query}
             LIMIT greatest($2, $3)) AS n
     ORDER BY n.vector {distance} $1::{type}
     LIMIT $2;
END
$body$;
