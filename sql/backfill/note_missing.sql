-- Takes the lock of a row before its note, as a write of the application does, and skips rows that somebody holds: a note
-- made by a transaction still open would have to be waited for while others wait for the notes made here. At most a
-- thousand rows are locked, so that no write of the application waits for more than that.
CREATE OR REPLACE FUNCTION reembed.note_missing(p_name text, p_role text, p_first_block bigint, p_last_block bigint, OUT missing bigint, OUT noted bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    WITH missing AS MATERIALIZED (
      SELECT t.ctid AS place
        FROM %2$s AS t
       WHERE t.ctid >= '(%5$s,0)' AND t.ctid < '(%6$s,0)'
         AND ($3 = 'new' OR (SELECT s.keep_old_current FROM reembed.setting AS s WHERE s.target = $1))
         AND t.%3$I IS NULL AND reembed.has_text((%4$s)::text)
         -- Looked up row by row: a join is planned by the statistics of tables that were empty a moment ago.
         AND (SELECT true FROM reembed.failed_row AS f WHERE f.target = $1 AND f.key = %1$s AND f.model = $2 LIMIT 1) IS NULL
         AND (SELECT true FROM reembed.stale_row AS r WHERE r.target = $1 AND r.key = %1$s AND CASE $3 WHEN 'new' THEN r.needs_new ELSE r.needs_old END LIMIT 1) IS NULL
    ), held AS MATERIALIZED (
      SELECT %1$s AS key FROM %2$s AS t WHERE t.ctid = ANY (ARRAY(SELECT place FROM missing)) LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
    ), noted AS (
      INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old, noted_at)
      -- Missed by the triggers nobody knows when: never a change of this moment, which a gate would let pass.
      SELECT $1, held.key, $3 = 'new', $3 = 'old', now() - interval '1 minute' FROM held
      ON CONFLICT (target, key) DO UPDATE
        SET needs_new = s.needs_new OR excluded.needs_new, needs_old = s.needs_old OR excluded.needs_old,
            version = excluded.version, noted_at = least(s.noted_at, excluded.noted_at)
    )
    SELECT (SELECT count(*) FROM missing), (SELECT count(*) FROM held)
  $q$, reembed.key_sql(t.name, 't'), t.relation, CASE p_role WHEN 'new' THEN m.to_column ELSE m.from_column END, t.text_sql,
    p_first_block, p_last_block + 1)
    INTO missing, noted
    USING t.name, CASE p_role WHEN 'new' THEN m.to_model ELSE m.from_model END, p_role;
END;
$$;
COMMENT ON FUNCTION reembed.note_missing IS 'Searches a range of blocks for rows without a vector of one role that are nowhere noted, for the old one only where it is kept current; notes up to a thousand of them in stale_row. Returns how many there are and how many it noted.';
