-- The way back from the contract of a part: fills the side table again from the column. The vector of a row that waits for another one is of its former text,
-- so it gets a hash that its present text does not have.
CREATE FUNCTION reembed.log_unmoved_{suffix}(p_first tid, p_end tid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  INSERT INTO {late} ({key_list})
  SELECT {keys_of_t} FROM {table} AS t
   WHERE t.ctid >= p_first AND t.ctid < p_end AND {part_of_t} AND t.{moved_column} IS NOT NULL
     AND NOT coalesce(t.{moved_column} OPERATOR({vector_schema}.=) (SELECT s.{side_vector} FROM {side} AS s WHERE {side_is_t}), false);
END;
COMMENT ON FUNCTION reembed.log_unmoved_{suffix} IS 'pg-reembed: logs the rows between two positions whose vector is still to be moved.';

CREATE FUNCTION reembed.move_logged_{suffix}(p_rows integer, OUT served bigint, OUT refused jsonb[])
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  WITH next AS MATERIALIZED (
    SELECT c.ctid AS entry, {c_keys} FROM {late} AS c LIMIT p_rows
  ), locked AS MATERIALIZED (
    SELECT {c_keys}, CASE WHEN {vector_schema}.vector_dims(t.{moved_column}) = {new_dimensions} THEN t.{moved_column} END AS vector, reembed.text_hash({content}) AS hash
      FROM (SELECT DISTINCT {c_keys} FROM next AS c) AS c JOIN {table} AS t ON {t_is_c} WHERE {part_of_t}
       FOR NO KEY UPDATE OF t SKIP LOCKED
  ), stored AS (
    INSERT INTO {side} AS s ({side_keys}, {side_vector}, {side_version}, text_hash)
    SELECT {f_keys}, f.vector, {new_model_name}, CASE WHEN EXISTS (SELECT FROM {change} AS c WHERE c.needs_new AND {c_is_f}) THEN ~f.hash ELSE f.hash END
      FROM locked AS f WHERE f.vector IS NOT NULL AND f.hash IS NOT NULL
    ON CONFLICT ({side_keys}) DO UPDATE SET {side_vector} = excluded.{side_vector}, {side_version} = excluded.{side_version}, text_hash = excluded.text_hash
  ), gone AS MATERIALIZED (
    SELECT {c_keys} FROM next AS c WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {t_is_c} AND {part_of_t})
     UNION ALL
    SELECT {f_keys} FROM locked AS f WHERE f.vector IS NULL OR f.hash IS NULL
  ), removed AS (
    DELETE FROM {side} AS s USING gone AS c WHERE {side_is_c}
  ), taken AS (
    DELETE FROM {late} AS a USING next AS c WHERE a.ctid = c.entry AND (EXISTS (SELECT FROM locked AS r WHERE {a_is_r}) OR EXISTS (SELECT FROM gone AS r WHERE {a_is_r}))
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM taken), '{}'::jsonb[];
END;
COMMENT ON FUNCTION reembed.move_logged_{suffix} IS 'pg-reembed: moves the vectors of some logged rows into the side table; returns how many entries of the log were served.';
