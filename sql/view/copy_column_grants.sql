-- The live view is security_invoker, so a role that may read one column must be able to read the other.
CREATE OR REPLACE FUNCTION reembed.copy_column_grants(p_relation regclass, p_from name, p_to name) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.grant_on_column(p_relation, p_to, a.attacl) FROM pg_attribute AS a WHERE a.attrelid = p_relation AND a.attname = p_from;
$$;
COMMENT ON FUNCTION reembed.copy_column_grants IS 'Copies the column privileges of one column to another.';
