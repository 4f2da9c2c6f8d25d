CREATE OR REPLACE FUNCTION reembed.sweep(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_noted bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    INSERT INTO reembed.stale_row (target, key, needs_new, needs_old, noted_at)
    -- Missed by the triggers nobody knows when: never a change of this moment, which a gate would let pass.
    SELECT $1, %1$s, true, false, now() - interval '1 minute'
      FROM %2$s AS t
     WHERE t.%3$I IS NULL AND reembed.has_text((%4$s)::text)
       AND NOT EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $1 AND f.key = %1$s AND f.model = $2)
    ON CONFLICT (target, key) DO NOTHING
  $q$, reembed.key_sql(t.name, 't'), t.relation, m.to_column, t.text_sql) USING t.name, m.to_model;
  GET DIAGNOSTICS v_noted = ROW_COUNT;
  UPDATE reembed.migration SET swept_at = clock_timestamp() WHERE name = p_name;
  RETURN v_noted;
END;
$$;
COMMENT ON FUNCTION reembed.sweep IS 'Searches the whole table for rows that still lack a new vector and notes them in stale_row; returns how many.';
