-- Empty for key types whose text form does not depend on settings.
CREATE OR REPLACE FUNCTION reembed.key_settings(p_target text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT CASE WHEN bool_and(y.typtype = 'e' OR y.typname IN ('int2', 'int4', 'int8', 'numeric', 'bool', 'uuid', 'text', 'varchar', 'bpchar', 'citext')) THEN ''
              ELSE 'SET timezone = ''UTC'' SET datestyle = ''ISO'' SET intervalstyle = ''iso_8601'' SET bytea_output = ''hex'' SET extra_float_digits = 1' END
    FROM reembed.target AS t
    JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = ANY (t.key_attnums)
    JOIN pg_type AS y ON y.oid = a.atttypid
   WHERE t.name = p_target
);
COMMENT ON FUNCTION reembed.key_settings IS 'Settings that make the text form of a key independent of the session.';
