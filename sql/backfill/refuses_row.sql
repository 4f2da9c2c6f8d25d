-- The classes left out would stop every row: connection, session, server and its settings, locks, objects or privileges that are missing, another database
-- that a trigger writes to (HV), and errors of the toolkit (RE). A trigger may raise any other.
CREATE OR REPLACE FUNCTION reembed.refuses_row(p_sqlstate text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN p_sqlstate !~ '^(08|0B|25|26|28|2D|34|3B|3D|3F|40|42|53|55|57|58|F0|HV|RE)';
COMMENT ON FUNCTION reembed.refuses_row IS 'Whether an error of a write says that a row is refused, by a constraint, by a trigger or because a value is out of range, so that the other rows can be written without it.';
