-- Touches no row and waits for nobody. A thousand notes at the most: more than that would be a backfill of its own, and
-- goes on at the next call.
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
      SELECT %1$s AS key
        FROM %2$s AS t
       WHERE t.ctid >= '(%5$s,0)' AND t.ctid < '(%6$s,0)'
         AND ($2 = 'new' OR (SELECT s.keep_old_current FROM reembed.setting AS s WHERE s.target = $1))
         AND %3$s IS NULL AND reembed.has_text((%4$s)::text)
         AND NOT %7$s AND NOT %8$s
    ), noted AS (
      INSERT INTO reembed.stale_row (target, key, needs_new, needs_old, noted_at)
      -- Missed by the triggers nobody knows when: never a change of this moment, which a gate would let pass.
      SELECT $1, missing.key, $2 = 'new', $2 = 'old', now() - interval '1 minute' FROM missing LIMIT 1000
    )
    SELECT count(*), least(count(*), 1000) FROM missing
  $q$, reembed.key_sql(t.name, 't'), t.relation, reembed.vector_sql(t.name, p_role), reembed.row_text_sql(t.name),
    p_first_block, p_last_block + 1, reembed.has_failed_sql(t.name, CASE p_role WHEN 'new' THEN m.to_model ELSE m.from_model END),
    reembed.is_noted_sql(t.name, CASE p_role WHEN 'new' THEN 'r.needs_new' ELSE 'r.needs_old' END))
    INTO missing, noted
    USING t.name, p_role;
END;
$$;
COMMENT ON FUNCTION reembed.note_missing IS 'Searches a range of blocks for rows without a vector of one role that are nowhere noted, for the old one only where it is kept current; notes up to a thousand of them in stale_row. Returns how many there are and how many it noted.';
