CREATE OR REPLACE FUNCTION reembed.word_pattern(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN '(^|[^[:alnum:]_$])' || regexp_replace(p_name, '([^[:alnum:]_])', '\\\1', 'g') || '($|[^[:alnum:]_$])';
COMMENT ON FUNCTION reembed.word_pattern IS 'Regular expression that finds a name in the text of a statement, but not within a longer name.';
