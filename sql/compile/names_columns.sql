-- DROP … CASCADE of a column drops a trigger whose WHEN names it. A trigger that does not name it would stay and make every write fail.
CREATE OR REPLACE FUNCTION reembed.names_columns(p_target text, p_row text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('%s.%I IS NOT NULL', p_row, a.attname), ' OR ' ORDER BY u.step, u.position)
         || CASE WHEN bool_or(a.attnotnull) THEN '' ELSE format(' OR %s.%I IS NULL', p_row, (array_agg(a.attname ORDER BY u.step, u.position))[1]) END
    FROM reembed.target AS t
   CROSS JOIN LATERAL (
     SELECT DISTINCT ON (w.attnum) w.*
       FROM (SELECT 1 AS step, k.* FROM unnest(t.key_attnums) WITH ORDINALITY AS k(attnum, position)
             UNION ALL
             SELECT 2, k.* FROM unnest(t.text_attnums) WITH ORDINALITY AS k(attnum, position)
             UNION ALL
             SELECT 2, k.* FROM unnest(t.part_attnums) WITH ORDINALITY AS k(attnum, position)
             UNION ALL
             SELECT 3, v.attnum, CASE v.role WHEN 'new' THEN 1 ELSE 2 END FROM reembed.vector_column AS v WHERE v.target = t.name AND v.relation = t.relation) AS w
      ORDER BY w.attnum, w.step) AS u
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = u.attnum
   WHERE t.name = p_target AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION reembed.names_columns IS 'A condition on OLD or NEW that is always true and names every column that a trigger of the target depends on.';
