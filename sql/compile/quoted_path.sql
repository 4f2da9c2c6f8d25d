-- PostgreSQL accepts nearly every character in an unquoted name of this setting, so each name is quoted before it becomes part of a statement.
-- It stores the empty path as one empty name, which no statement accepts; names are then found in pg_catalog alone.
CREATE OR REPLACE FUNCTION reembed.quoted_path(p_path text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN p_path IS NOT NULL THEN coalesce((
  SELECT string_agg(quote_ident(CASE WHEN left(m.found[1], 1) = '"' THEN replace(substr(m.found[1], 2, length(m.found[1]) - 2), '""', '"') ELSE lower(m.found[1]) END), ', ' ORDER BY m.place)
    FROM regexp_matches(p_path, '"(?:[^"]|"")*"|[^",\s]+', 'g') WITH ORDINALITY AS m(found, place) WHERE m.found[1] <> '""'
), 'pg_catalog') END;
COMMENT ON FUNCTION reembed.quoted_path IS 'A search_path with every name quoted where necessary.';
