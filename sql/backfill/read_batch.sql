-- In the order they are to be written: where the vectors are a column, one row of each page, then a second one of each,
-- and so on. A full page has room for a new version of a row only where an old one has gone, and an old one can go once the
-- transaction that made it old is past; an update that finds room in its page leaves every index of the table alone. While
-- somebody holds an old snapshot no room comes back, and the order is plain.
CREATE OR REPLACE FUNCTION reembed.read_batch(p_migration text, p_batch bigint, p_model text, p_limit integer)
RETURNS TABLE (key text, content text, text_hash bigint, failure text, wave integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
SET row_security = off
AS $$
DECLARE
  b reembed.batch;
  t reembed.target;
  v_is_side_table boolean;
BEGIN
  SELECT * INTO STRICT b FROM reembed.batch WHERE migration = p_migration AND id = p_batch;
  SELECT t2.* INTO STRICT t FROM reembed.migration AS m JOIN reembed.target AS t2 ON t2.name = m.target WHERE m.name = p_migration;
  SELECT v.is_side_table INTO STRICT v_is_side_table FROM reembed.vector_column AS v WHERE v.target = t.name AND v.role = 'new';
  RETURN QUERY EXECUTE format($q$
    SELECT s.key::text, s.content, reembed.text_hash(s.content), %5$s, s.wave
      FROM (SELECT t.ctid AS place, %1$s AS key, (%2$s)::text AS content, %6$s AS wave
              FROM %3$s AS t
             WHERE t.ctid >= format('(%%s,0)', $1)::tid AND t.ctid < format('(%%s,0)', $2)::tid AND %4$s IS NULL AND NOT %7$s%8$s) AS s
     WHERE reembed.has_text(s.content)
     ORDER BY s.wave, s.place
     LIMIT $3
  $q$, reembed.key_sql(t.name, 't'), reembed.row_text_sql(t.name), t.relation, reembed.vector_sql(t.name, 'new'),
    CASE WHEN cardinality(t.text_columns) = 0 THEN 'reembed.text_failure(s.content)' ELSE 'NULL::text' END,
    CASE WHEN v_is_side_table OR reembed.old_snapshot() IS NOT NULL THEN '1' ELSE '(row_number() OVER (PARTITION BY (t.ctid::text::point)[0] ORDER BY t.ctid))::integer' END, reembed.has_failed_sql(t.name, p_model),
    CASE WHEN EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration) THEN format(' AND NOT %s', reembed.waits_for_text_sql(p_migration, p_batch)) END)
    USING b.first_block, b.last_block + 1, p_limit;
END;
$$;
COMMENT ON FUNCTION reembed.read_batch IS 'Rows in the range of a batch that have a text but no vector of the model yet, and have not failed, in the order to write them: a wave has one row of each page at the most.';
