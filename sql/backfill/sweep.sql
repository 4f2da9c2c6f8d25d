-- Never waits for the application: a note made by a transaction that is still open would have to be waited for while
-- others wait for the notes made here. So rows that somebody holds locked are counted, but left for the next sweep.
CREATE OR REPLACE FUNCTION reembed.sweep(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_missing bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    WITH missing AS MATERIALIZED (
      SELECT t.ctid AS place
        FROM %2$s AS t
       WHERE t.%3$I IS NULL AND reembed.has_text((%4$s)::text)
         AND NOT EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $1 AND f.key = %1$s AND f.model = $2)
         AND NOT EXISTS (SELECT FROM reembed.stale_row AS r WHERE r.target = $1 AND r.key = %1$s AND r.needs_new)
    ), held AS MATERIALIZED (
      SELECT %1$s AS key FROM %2$s AS t WHERE t.ctid = ANY (ARRAY(SELECT place FROM missing)) FOR NO KEY UPDATE SKIP LOCKED
    ), noted AS (
      INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old, noted_at)
      -- Missed by the triggers nobody knows when: never a change of this moment, which a gate would let pass.
      SELECT $1, held.key, true, false, now() - interval '1 minute' FROM held
      ON CONFLICT (target, key) DO UPDATE SET needs_new = true, version = excluded.version
    )
    SELECT count(*) FROM missing
  $q$, reembed.key_sql(t.name, 't'), t.relation, m.to_column, t.text_sql) INTO v_missing USING t.name, m.to_model;
  UPDATE reembed.migration SET swept_at = clock_timestamp() WHERE name = p_name;
  RETURN v_missing;
END;
$$;
COMMENT ON FUNCTION reembed.sweep IS 'Searches the whole table for rows that still lack a new vector and are nowhere noted, notes them in stale_row and returns how many there are.';
