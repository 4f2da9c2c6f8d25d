-- A row that the application holds locked is named as held, for later: embedding a text that is about to change would be paid for twice.
CREATE OR REPLACE FUNCTION reembed.read_notes(p_target text, p_role text, p_lane integer, p_after bigint, p_up_to bigint, p_limit integer)
RETURNS TABLE (key text, needs_new boolean, needs_old boolean, versions bigint[], read_to bigint, is_there boolean, is_held boolean,
               content text, text_hash bigint, failure text, has_text boolean, has_failed boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  t reembed.target;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  RETURN QUERY EXECUTE format($q$
    WITH next AS MATERIALIZED (
      SELECT s.key, s.version FROM reembed.stale_row AS s
       WHERE s.target = $1 AND s.version > $6 AND s.version <= $4 AND ($5 IS NULL OR reembed.catch_up_lane(s.key) = $5)
         AND CASE WHEN $2 = 'old' THEN s.needs_old ELSE s.needs_new OR NOT s.needs_old END
       ORDER BY s.version LIMIT $3
    ), note AS MATERIALIZED (
      -- Of a row that changed again and again all notes of that moment are served at once.
      SELECT s.key, bool_or(s.needs_new) AS needs_new, bool_or(s.needs_old) AS needs_old, array_agg(s.version ORDER BY s.version) AS versions
        FROM (SELECT DISTINCT next.key FROM next) AS n JOIN reembed.stale_row AS s ON s.key = n.key
       -- Not by equality: see is_noted_sql().
       WHERE s.target IS NOT DISTINCT FROM $1 AND s.version <= $4
       GROUP BY s.key
    ), wanted AS MATERIALIZED (
      SELECT note.key AS reembed_key, %3$s FROM note
    ), present AS MATERIALIZED (
      SELECT w.reembed_key, (%1$s)::text AS content
        FROM wanted AS w JOIN %2$s AS t ON %4$s FOR NO KEY UPDATE OF t SKIP LOCKED
    ), visible AS MATERIALIZED (
      SELECT w.reembed_key FROM wanted AS w JOIN %2$s AS t ON %4$s
    )
    SELECT n.key::text, n.needs_new, n.needs_old, n.versions, (SELECT max(next.version) FROM next), v.reembed_key IS NOT NULL,
           v.reembed_key IS NOT NULL AND p.reembed_key IS NULL, p.content, reembed.text_hash(p.content), %5$s, reembed.has_text(p.content),
           EXISTS (SELECT FROM reembed.failed_row AS f JOIN reembed.vector_column AS v ON v.target = f.target AND v.model = f.model AND v.role = $2
                    WHERE f.target = $1 AND f.key = n.key)
      FROM note AS n LEFT JOIN present AS p ON p.reembed_key = n.key LEFT JOIN visible AS v ON v.reembed_key = n.key
     ORDER BY n.versions[1]
  $q$, reembed.row_text_sql(t.name), t.relation, reembed.key_from_sql(t.name, 'note.key', true), reembed.same_key_sql(t.name, 't', 'w'),
    CASE WHEN cardinality(t.text_columns) = 0 THEN 'reembed.text_failure(p.content)' ELSE 'NULL::text' END)
    USING p_target, p_role, p_limit, p_up_to, p_lane, p_after;
END;
$$;
COMMENT ON FUNCTION reembed.read_notes IS 'The rows of the longest-waiting notes of a lane (null: of all) between two versions that want a role''s vector, or nothing any more, with all their notes up to the second version and their present text; read_to is how far the notes were read.';
