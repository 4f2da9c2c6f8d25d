CREATE OR REPLACE FUNCTION reembed.fitting_rows(p_rows integer, p_started_at timestamptz) RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN greatest(10, least(2000, p_rows * 2, p_rows * 0.1 / extract(epoch FROM clock_timestamp() - p_started_at + interval '1 millisecond')))::integer;
COMMENT ON FUNCTION reembed.fitting_rows IS 'How many rows to write in about a tenth of a second, from the time the last ones took. A write of the application may wait that long for a row.';
