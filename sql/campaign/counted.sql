CREATE OR REPLACE FUNCTION reembed.counted(p_count numeric, p_one text, p_many text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN reembed.count_text(p_count) || ' ' || CASE p_count WHEN 1 THEN p_one ELSE coalesce(p_many, p_one || 's') END;
COMMENT ON FUNCTION reembed.counted IS 'A count with its noun, or with noun and verb: 1 row lacks, 2 rows lack. Without p_many, an s makes the plural.';
