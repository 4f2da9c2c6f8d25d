SELECT {columns}, n.distance, n.has_new_vector, pg_catalog.jsonb_build_object({n_key_json}) AS row_key
  FROM ({candidates_sql}) AS n
  JOIN {old_view} AS d ON {d_is_n}
 ORDER BY n.distance
