SELECT {columns}, n.distance, n.has_new_vector, pg_catalog.jsonb_build_object({n_key_json}) AS row_key
  FROM ({candidates_sql}) AS n
  JOIN {found_row}
 ORDER BY n.distance
