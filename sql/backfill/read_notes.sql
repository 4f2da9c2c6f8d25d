-- A row that the application holds locked is named as held, for later: embedding a text that is about to change would be paid for twice.
CREATE OR REPLACE FUNCTION reembed.read_notes(p_target text, p_role text, p_lane integer, p_after bigint, p_up_to bigint, p_limit integer)
RETURNS TABLE (key text, needs_new boolean, needs_old boolean, version bigint, is_there boolean, is_held boolean, content text, text_hash bigint, has_text boolean, has_failed boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  t reembed.target;
  v_keys text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT string_agg(format('t.%I', k), ', ') INTO v_keys FROM unnest(t.key_columns) AS k;
  RETURN QUERY EXECUTE format($q$
    WITH note AS MATERIALIZED (
      SELECT s.key, s.needs_new, s.needs_old, s.version FROM reembed.stale_row AS s
       WHERE s.target = $1 AND s.version > $6 AND s.version <= $4 AND ($5 IS NULL OR reembed.catch_up_lane(s.key) = $5) AND CASE WHEN $2 = 'old' THEN s.needs_old ELSE s.needs_new OR NOT s.needs_old END ORDER BY s.version LIMIT $3
    ), present AS MATERIALIZED (
      SELECT %1$s AS key, (%2$s)::text AS content
        FROM %3$s AS t WHERE (%4$s) IN (SELECT %5$s FROM note) FOR NO KEY UPDATE SKIP LOCKED
    ), visible AS MATERIALIZED (
      SELECT %1$s AS key FROM %3$s AS t WHERE (%4$s) IN (SELECT %5$s FROM note)
    )
    SELECT n.key::text, n.needs_new, n.needs_old, n.version, v.key IS NOT NULL, v.key IS NOT NULL AND p.key IS NULL, p.content, reembed.text_hash(p.content), reembed.has_text(p.content),
           EXISTS (SELECT FROM reembed.failed_row AS f JOIN reembed.vector_column AS v ON v.target = f.target AND v.model = f.model AND v.role = $2
                    WHERE f.target = $1 AND f.key = n.key)
      FROM note AS n LEFT JOIN present AS p ON p.key = n.key LEFT JOIN visible AS v ON v.key = n.key
     ORDER BY n.version
  $q$, reembed.key_sql(t.name, 't'), t.text_sql, t.relation, v_keys, reembed.key_from_sql(t.name, 'note.key'))
    USING p_target, p_role, p_limit, p_up_to, p_lane, p_after;
END;
$$;
COMMENT ON FUNCTION reembed.read_notes IS 'The longest-waiting notes of a lane (null: of all) between two versions that want a role''s vector, or nothing any more, with the present text of their rows.';
