-- Each round deletes the restored rows from the archive, so an interrupted restore continues where it stopped. Rows that the application has locked are left
-- for a later round: waiting for them while holding other locks could deadlock. The planner takes a LIMIT that is a parameter for a tenth of the archive, and
-- would read the whole table for each round; in the order of the key the pages that earlier rounds have emptied are not read again.
CREATE FUNCTION reembed.restore_{suffix}(p_rows integer, OUT moved bigint, OUT skipped jsonb[])
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  -- As in store_column.sql: what is restored is no vector of the application's.
  SELECT set_config('reembed.stores', 'on', true);
  WITH next AS MATERIALIZED (
    SELECT a.* FROM {archive} AS a ORDER BY {key_list} LIMIT p_rows
  ), locked AS MATERIALIZED (
    SELECT r.leaf, r.place, {r_keys}, c.vector, reembed.text_hash(r.content) IS NOT DISTINCT FROM c.text_hash AND r.old_vector IS NULL AS fits
      FROM next AS c JOIN {row} AS r ON {r_is_c}
       FOR NO KEY UPDATE OF r SKIP LOCKED
  ), stored AS (
    UPDATE {row} AS u SET old_vector = f.vector {restored_model} FROM locked AS f WHERE f.fits AND {u_is_f} RETURNING f.leaf, f.place, u.old_vector IS NOT NULL AS is_kept
  ), taken AS (
    DELETE FROM {archive} AS a USING next AS c
     WHERE {a_is_c} AND (EXISTS (SELECT FROM locked AS r WHERE {a_is_r}) OR NOT EXISTS (SELECT FROM {row} AS r WHERE {r_is_c}))
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM taken),
         ARRAY(SELECT {r_key_json} FROM locked AS r WHERE r.fits AND (r.leaf, r.place) NOT IN (SELECT s.leaf, s.place FROM stored AS s WHERE s.is_kept));
END;
COMMENT ON FUNCTION reembed.restore_{suffix} IS 'pg-reembed: restores some archived vectors whose text is unchanged; returns how many left the archive, and the keys of rows whose update their table suppressed.';

-- In the order of restore.
CREATE FUNCTION reembed.leave_out_{suffix}() RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings}
BEGIN ATOMIC
  WITH next AS MATERIALIZED (
    SELECT a.* FROM {archive} AS a ORDER BY {key_list} LIMIT 1
  )
  DELETE FROM {archive} AS a USING next AS c WHERE {a_is_c} RETURNING {c_key_json};
END;
COMMENT ON FUNCTION reembed.leave_out_{suffix} IS 'pg-reembed: deletes from the archive the vector that restore would take next, because the table refuses it; returns the key of its row.';

CREATE FUNCTION reembed.archive_is_empty_{suffix}() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
RETURN NOT EXISTS (SELECT FROM {archive});
COMMENT ON FUNCTION reembed.archive_is_empty_{suffix} IS 'pg-reembed: whether every archived vector is restored.';
