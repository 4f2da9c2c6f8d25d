-- PostgreSQL accepts nearly every character in an unquoted name of this setting, so each name is quoted before it becomes part of a statement.
CREATE OR REPLACE FUNCTION reembed.quoted_path(p_path text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(quote_ident(CASE WHEN left(m.found[1], 1) = '"' THEN replace(substr(m.found[1], 2, length(m.found[1]) - 2), '""', '"') ELSE lower(m.found[1]) END), ', ' ORDER BY m.place)
    FROM regexp_matches(p_path, '"(?:[^"]|"")*"|[^",\s]+', 'g') WITH ORDINALITY AS m(found, place)
);
COMMENT ON FUNCTION reembed.quoted_path IS 'A search_path with every name quoted where necessary.';
