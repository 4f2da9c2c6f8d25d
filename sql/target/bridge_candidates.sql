SELECT {n_keys}, n.distance, n.has_new_vector
      FROM (SELECT {c_keys}, coalesce(w.distance, {predicted}) AS distance, w.distance IS NOT NULL AS has_new_vector
              FROM (SELECT {d_keys}, d.{vector} {old_distance} {old_query} AS distance
                      FROM {old_view} AS d
                     WHERE {old_settings}d.{vector} IS NOT NULL{filter}
                     ORDER BY {old_indexed} {old_indexed_distance} {old_indexed_query}
                     LIMIT greatest({k}, {candidates})) AS c
              LEFT JOIN LATERAL (SELECT d.{vector} {new_distance} {new_query} AS distance FROM {new_view} AS d WHERE {d_is_c} AND d.{vector} IS NOT NULL) AS w ON true
             UNION
            SELECT {c_keys}, c.distance, true
              FROM (SELECT {d_keys}, d.{vector} {new_distance} {new_query} AS distance
                      FROM {new_view} AS d
                     WHERE {has_new_index} AND {new_settings}d.{vector} IS NOT NULL{filter}
                     ORDER BY {new_indexed} {new_indexed_distance} {new_indexed_query}
                     LIMIT {new_candidates}) AS c) AS n
     ORDER BY n.distance
     LIMIT {k}
