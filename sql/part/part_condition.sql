-- The clause may name its columns with or without t. Where another relation is in scope, or a column was renamed since, it reads them from a subquery that has
-- them under the names of the clause; otherwise it is written as it is, so that PostgreSQL can use an index for it.
CREATE OR REPLACE FUNCTION reembed.part_condition(p_target text, p_row text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN p_row IS NULL AND k.is_unchanged THEN format(E'(%s\n)', t.part_sql)
              ELSE format(E'(SELECT (%s\n) FROM (SELECT %s) AS t)', t.part_sql, k.columns) END
    FROM reembed.target AS t
   CROSS JOIN LATERAL (
     SELECT coalesce(string_agg(format('%s.%I AS %I', coalesce(p_row, 't'), a.attname, t.part_names[n.position]), ', ' ORDER BY n.position), '') AS columns,
            coalesce(bool_and(a.attname = t.part_names[n.position]), true) AS is_unchanged
       FROM unnest(t.part_attnums) WITH ORDINALITY AS n(attnum, position)
       JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = n.attnum) AS k
   WHERE t.name = p_target AND t.part <> ''
$$;
COMMENT ON FUNCTION reembed.part_condition IS 'SQL of whether a row belongs to the part of a target; null when the target is the whole table. p_row: the row, such as s or (r); null for that of the table with alias t alone.';
