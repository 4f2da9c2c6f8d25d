-- Called by the application's searches. The settings are those with which the key is read back: see key_settings(). PostgreSQL parses no body of a polymorphic function.
CREATE OR REPLACE FUNCTION reembed.key_text(p_value anyelement) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
AS $$ SELECT format('%s', p_value) $$;
COMMENT ON FUNCTION reembed.key_text IS 'The text form of a key column, whatever the settings of the session are.';
