CREATE OR REPLACE FUNCTION reembed.seconds_text(p_seconds double precision) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE
  WHEN p_seconds < 10 THEN round(p_seconds::numeric, 1) || ' s'
  WHEN p_seconds < 90 THEN round(p_seconds::numeric) || ' s'
  WHEN p_seconds < 5400 THEN round(p_seconds::numeric / 60) || ' min'
  WHEN p_seconds < 172800 THEN round(p_seconds::numeric / 3600, 1) || ' h'
  ELSE round(p_seconds::numeric / 86400, 1) || ' days'
END;
COMMENT ON FUNCTION reembed.seconds_text IS 'Formats a number of seconds for people.';
