-- One pass: inserted text is never parsed again, so a column named {table} stays as it is. What a template has between two $body$ is quoted after its names are
-- in, so no name can end a body.
CREATE OR REPLACE FUNCTION reembed.render(p_template text, p_names jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_unknown text;
  v_text text;
BEGIN
  SELECT string_agg(CASE WHEN s.place % 2 = 0 THEN reembed.dollar_quote(s.rendered) ELSE s.rendered END, '' ORDER BY s.place), min(s.unknown)
    INTO v_text, v_unknown
    FROM (SELECT b.place,
                 string_agg(CASE WHEN w.position = 1 THEN w.piece
                                 WHEN w.name IS NULL THEN '{' || w.piece
                                 ELSE coalesce(p_names ->> w.name, '') || substr(w.piece, length(w.name) + 2) END, '' ORDER BY w.position) AS rendered,
                 min(w.name) FILTER (WHERE w.position > 1 AND NOT p_names ? w.name) AS unknown
            FROM string_to_table(p_template, '$body$') WITH ORDINALITY AS b(section, place)
           CROSS JOIN LATERAL (SELECT p.piece, p.position, substring(p.piece FROM '^([a-z0-9_]+)\}') AS name
                                 FROM string_to_table(b.section, '{') WITH ORDINALITY AS p(piece, position)) AS w
           GROUP BY b.place) AS s;
  IF v_unknown IS NOT NULL THEN
    RAISE EXCEPTION 'a template contains the unknown placeholder {%}', v_unknown USING ERRCODE = 'XX000';
  END IF;
  RETURN v_text;
END;
$$;
COMMENT ON FUNCTION reembed.render IS 'Replaces the {placeholders} of a template, and quotes what it has between two $body$.';
