-- One pass: inserted text is never parsed again, so a column named {table} stays as it is. What a template has between two $body$ is quoted after its names are
-- in, so that no name can end a body.
CREATE OR REPLACE FUNCTION reembed.render(p_template text, p_names jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_unknown text;
  v_text text;
BEGIN
  -- A query of its own, because workers render statements and have no right to call dollar_quote().
  IF strpos(p_template, '$body$') > 0 THEN
    RETURN (SELECT string_agg(CASE WHEN b.place % 2 = 0 THEN reembed.dollar_quote(reembed.render(b.section, p_names)) ELSE reembed.render(b.section, p_names) END, '' ORDER BY b.place)
              FROM string_to_table(p_template, '$body$') WITH ORDINALITY AS b(section, place));
  END IF;
  SELECT string_agg(CASE WHEN w.position = 1 THEN w.piece
                         WHEN w.name IS NULL THEN '{' || w.piece
                         ELSE coalesce(p_names ->> w.name, '') || substr(w.piece, length(w.name) + 2) END, '' ORDER BY w.position),
         min(w.name) FILTER (WHERE w.position > 1 AND NOT p_names ? w.name)
    INTO v_text, v_unknown
    FROM (SELECT s.piece, s.position, substring(s.piece FROM '^([a-z0-9_]+)\}') AS name
            FROM string_to_table(p_template, '{') WITH ORDINALITY AS s(piece, position)) AS w;
  IF v_unknown IS NOT NULL THEN
    RAISE EXCEPTION 'a template contains the unknown placeholder {%}', v_unknown USING ERRCODE = 'XX000';
  END IF;
  RETURN v_text;
END;
$$;
COMMENT ON FUNCTION reembed.render IS 'Replaces the {placeholders} of a template, and quotes what it has between two $body$.';
