-- A row that changes meanwhile is the triggers' business; a vector that a worker renews at the same moment may be taken for
-- the outdated one, and is then found missing like any other.
CREATE OR REPLACE FUNCTION reembed.drop_outdated_vectors(p_name text, p_block bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET row_security = off SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_portion constant bigint := 50;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    DELETE FROM %1$s WHERE ctid = ANY (ARRAY(
      SELECT side.ctid FROM %1$s AS side
       WHERE side.ctid >= '(%2$s,0)' AND side.ctid < '(%3$s,0)'
         AND side.text_hash IS DISTINCT FROM (SELECT reembed.text_hash((%4$s)::text) FROM %5$s AS t WHERE %6$s)
         FOR UPDATE SKIP LOCKED))
  $q$, m.from_relation, p_block, p_block + v_portion, reembed.row_text_sql(t.name), t.relation, reembed.same_key_sql(t.name, 't', 'side'));
  RETURN CASE WHEN p_block + v_portion < pg_relation_size(m.from_relation) / current_setting('block_size')::bigint THEN p_block + v_portion END;
END;
$$;
COMMENT ON FUNCTION reembed.drop_outdated_vectors IS 'Deletes the vectors of former texts and of rows that are gone from a range of a side table of old vectors; returns the block to go on from, null at the end.';
