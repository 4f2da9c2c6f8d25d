CREATE OR REPLACE FUNCTION reembed.bounded(p_value double precision, p_most double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
RETURN least(greatest(p_value, 0), p_most);
COMMENT ON FUNCTION reembed.bounded IS 'Limits a number to the range from 0 to p_most; NaN becomes p_most, null stays null.';
