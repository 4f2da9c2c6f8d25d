CREATE OR REPLACE FUNCTION reembed.count_text(p_count numeric) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN to_char(p_count, 'FM999,999,999,999,999,990');
COMMENT ON FUNCTION reembed.count_text IS 'Formats a count for people, with thousands separators.';
