-- Generated columns have no value in a trigger function: stored ones not before the row is written, virtual ones never.
CREATE OR REPLACE FUNCTION reembed.text_call_sql(p_target text, p_row text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('reembed.%I(%s)', p.proname,
           CASE WHEN p.proargtypes[0] = c.reltype THEN p_row
                ELSE (SELECT string_agg(CASE WHEN p_row IN ('OLD', 'NEW') AND a.attgenerated <> ''
                                             THEN format('(SELECT (%s) FROM (SELECT %s.*) AS p)', pg_get_expr(d.adbin, d.adrelid), p_row)
                                             ELSE format('%s.%I', p_row, a.attname) END, ', ' ORDER BY k.position)
                        FROM unnest(p.proargnames) WITH ORDINALITY AS k(name, position)
                        JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = k.name
                        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum) END)
    FROM reembed.target AS t
    JOIN pg_class AS c ON c.oid = t.relation
    JOIN pg_proc AS p ON p.pronamespace = 'reembed'::regnamespace AND p.proname = 'text_' || reembed.capture_suffix(t.name)
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.text_call_sql IS 'SQL that calls the text function of a target for the row of that name; null where it has none.';
