-- Moves into the column of the application what it is to hold: the vector of the side table or, on the way back, that of the archive, if it is of the present
-- text. A row that has neither gets null, so that no vector of the other model is left. Rows that have the right vector are not written.
CREATE FUNCTION reembed.log_unmoved_{suffix}(p_first tid, p_end tid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  INSERT INTO {late} ({key_list})
  SELECT {keys_of_t} FROM {table} AS t
   WHERE t.ctid >= p_first AND t.ctid < p_end AND {part_of_t}
     AND NOT coalesce(t.{moved_column} OPERATOR({vector_schema}.=) {wanted}, t.{moved_column} IS NULL AND {wanted} IS NULL);
END;
COMMENT ON FUNCTION reembed.log_unmoved_{suffix} IS 'pg-reembed: logs the rows between two positions whose vector is still to be moved.';

-- Rows that the application has locked stay in the log. The vector to move is read again after the row was locked; what was committed since this statement
-- began is logged, and served by a later call.
CREATE FUNCTION reembed.move_logged_{suffix}(p_rows integer, OUT served bigint, OUT refused jsonb[])
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  -- As in store_column.sql: what is moved is no vector of the application's.
  SELECT set_config('reembed.stores', 'on', true);
  WITH next AS MATERIALIZED (
    SELECT c.ctid AS entry, {c_keys} FROM {late} AS c LIMIT p_rows
  ), locked AS MATERIALIZED (
    SELECT {c_keys}, {wanted} AS wanted, t.{moved_column} AS present
      FROM (SELECT DISTINCT {c_keys} FROM next AS c) AS c JOIN {table} AS t ON {t_is_c} WHERE {part_of_t}
       FOR NO KEY UPDATE OF t SKIP LOCKED
  ), differing AS MATERIALIZED (
    SELECT f.* FROM locked AS f WHERE NOT coalesce(f.present OPERATOR({vector_schema}.=) f.wanted, f.present IS NULL AND f.wanted IS NULL)
  ), stored AS (
    UPDATE {table} AS t SET {moved_column} = f.wanted FROM differing AS f WHERE {t_is_f}
    RETURNING {f_keys}, coalesce(t.{moved_column} OPERATOR({vector_schema}.=) f.wanted, t.{moved_column} IS NULL AND f.wanted IS NULL) AS is_kept
  ), taken AS (
    DELETE FROM {late} AS a USING next AS c
     WHERE a.ctid = c.entry AND (EXISTS (SELECT FROM locked AS r WHERE {a_is_r}) OR NOT EXISTS (SELECT FROM {table} AS t WHERE {t_is_c} AND {part_of_t}))
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM taken),
         ARRAY(SELECT {c_key_json} FROM differing AS c WHERE NOT EXISTS (SELECT FROM stored AS f WHERE {c_is_f} AND f.is_kept));
END;
COMMENT ON FUNCTION reembed.move_logged_{suffix} IS 'pg-reembed: moves the vectors of some logged rows; returns how many entries of the log were served, and the keys of rows whose update their table suppressed.';
