-- pg_size_pretty() has no decimals and changes the unit only from ten thousand of the smaller one on.
CREATE OR REPLACE FUNCTION reembed.bytes_text(p_bytes numeric) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN p_bytes < 1024 THEN round(p_bytes) || ' B'
  WHEN p_bytes < 1048576 THEN round(p_bytes / 1024, 1) || ' kB'
  WHEN p_bytes < 1073741824 THEN round(p_bytes / 1048576, 1) || ' MB'
  WHEN p_bytes < 1099511627776 THEN round(p_bytes / 1073741824, 1) || ' GB'
  ELSE round(p_bytes / 1099511627776, 1) || ' TB'
END;
COMMENT ON FUNCTION reembed.bytes_text IS 'Formats a number of bytes for people.';
