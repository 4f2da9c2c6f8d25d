-- The mirror image of sweep(), for the way back; like it, it never waits for a row that the application holds.
CREATE OR REPLACE FUNCTION reembed.sweep_old(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_noted bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    WITH held AS MATERIALIZED (
      SELECT %1$s AS key
        FROM %2$s AS t
       WHERE t.%3$I IS NULL AND reembed.has_text((%4$s)::text)
         AND (SELECT keep_old_current FROM reembed.setting WHERE target = $1)
         AND NOT EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $1 AND f.key = %1$s AND f.model = $2)
         FOR NO KEY UPDATE OF t SKIP LOCKED
    )
    INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old, noted_at)
    SELECT $1, held.key, false, true, now() - interval '1 minute' FROM held
    ON CONFLICT (target, key) DO UPDATE SET needs_old = true, noted_at = least(s.noted_at, excluded.noted_at)
  $q$, reembed.key_sql(t.name, 't'), t.relation, m.from_column, t.text_sql) USING t.name, m.from_model;
  GET DIAGNOSTICS v_noted = ROW_COUNT;
  RETURN v_noted;
END;
$$;
COMMENT ON FUNCTION reembed.sweep_old IS 'Searches the whole table for rows without an old vector and notes them for the workers, where the old model is kept current; returns how many.';
