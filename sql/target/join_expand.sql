-- At most p_rows rows for each change. Where there are more, the change keeps the key that was reached: keys do not move when a row is updated, positions do.
-- OFFSET 0 makes PostgreSQL find the rows of one change by its values; it might otherwise read the primary key to its end for the few that match.
CREATE FUNCTION reembed.expand_join_{n}_{suffix}(p_changes integer, p_rows integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET row_security = off
BEGIN ATOMIC
  WITH next AS MATERIALIZED (
    SELECT w.* FROM {join_log} AS w ORDER BY w.seq LIMIT p_changes FOR UPDATE SKIP LOCKED
  ), dependent AS MATERIALIZED (
    SELECT w.seq, d.*
      FROM next AS w
     CROSS JOIN LATERAL (
       (SELECT r.* FROM (SELECT {key_view} FROM {dependents} WHERE NOT w.is_truncated AND {is_dependent} OFFSET 0) AS r
         WHERE w.after_1 IS NULL OR {r_is_after_w} ORDER BY {r_keys} LIMIT p_rows)
       UNION ALL
       (SELECT r.* FROM (SELECT {key_view} FROM {table} AS t) AS r
         WHERE w.is_truncated AND (w.after_1 IS NULL OR {r_is_after_w}) ORDER BY {r_keys} LIMIT p_rows)) AS d
  ), reached AS MATERIALIZED (
    SELECT r.*, count(*) OVER (PARTITION BY r.seq) AS rows, row_number() OVER (PARTITION BY r.seq ORDER BY {r_keys}) AS place FROM dependent AS r
  ), logged AS (
    INSERT INTO {change} ({key_list}, needs_new, needs_old) SELECT {r_keys}, true, {has_old} FROM dependent AS r
  ){logs_late}, continued AS (
    UPDATE {join_log} AS w SET {after_reached} FROM reached AS r WHERE w.seq = r.seq AND r.rows = p_rows AND r.place = p_rows
  ), finished AS (
    DELETE FROM {join_log} AS w USING next AS x WHERE w.seq = x.seq AND NOT EXISTS (SELECT FROM reached AS r WHERE r.seq = x.seq AND r.rows = p_rows)
  )
  SELECT count(*) FROM next;
END;
COMMENT ON FUNCTION reembed.expand_join_{n}_{suffix} IS 'pg-reembed: logs the rows that depend on the oldest changes of joined table {n}; returns how many changes it read.';
