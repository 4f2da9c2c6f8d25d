-- The index is on the vectors themselves: a search as through the view, with the settings of the session. Where each partition has an index, each of them
-- examines its share of the candidates; the SET clause confines set_config() to this call.
CREATE OR REPLACE FUNCTION {function}(query {vector_type}, k integer DEFAULT 10, candidates integer DEFAULT {candidates}, model text DEFAULT NULL)
RETURNS TABLE ({key_results}, distance double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan{leaf_settings}
AS $body$
#variable_conflict use_variable
BEGIN
  {check_query}{share_candidates}
  RETURN QUERY
    SELECT {view_keys}, v.{view_vector} {distance} reembed.query_vector(v.{view_model}, {model_name}, $1)::{type}
      FROM {view} AS v
     WHERE v.{view_vector} IS NOT NULL
     ORDER BY v.{view_vector} {distance} reembed.query_vector(v.{view_model}, {model_name}, $1)::{type}
     LIMIT $2;
END
$body$;
