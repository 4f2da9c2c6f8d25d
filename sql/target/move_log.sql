-- Scans from the first page, as move_logged does.
CREATE FUNCTION reembed.next_logged_{suffix}() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET synchronize_seqscans = off
RETURN (SELECT {c_key_json} FROM {late} AS c LIMIT 1);
COMMENT ON FUNCTION reembed.next_logged_{suffix} IS 'pg-reembed: the key of the row that is moved next.';

CREATE FUNCTION reembed.logged_{suffix}(p_up_to integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
RETURN (SELECT count(*) FROM (SELECT FROM {late} LIMIT p_up_to) AS l);
COMMENT ON FUNCTION reembed.logged_{suffix} IS 'pg-reembed: how many entries the log of rows to move has, counted up to a number.';
