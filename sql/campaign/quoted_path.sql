-- PostgreSQL takes nearly every character in a bare name of this setting, so each is quoted before it becomes a part of a statement.
CREATE OR REPLACE FUNCTION reembed.quoted_path(p_path text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(quote_ident(CASE WHEN left(m.found[1], 1) = '"' THEN replace(substr(m.found[1], 2, length(m.found[1]) - 2), '""', '"') ELSE lower(m.found[1]) END), ', ' ORDER BY m.place)
    FROM regexp_matches(p_path, '"(?:[^"]|"")*"|[^",\s]+', 'g') WITH ORDINALITY AS m(found, place)
);
COMMENT ON FUNCTION reembed.quoted_path IS 'A search_path with every name in it quoted where it has to be.';
