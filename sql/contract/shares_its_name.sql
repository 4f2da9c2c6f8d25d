-- A view of ours under the table's name does not count: a statement that may go through it is found, and a person says what it is.
CREATE OR REPLACE FUNCTION reembed.shares_its_name(p_relation regclass) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_class AS o ON o.relname = c.relname AND o.oid <> c.oid AND o.relkind IN ('r', 'p', 'v', 'm', 'f')
                  WHERE c.oid = p_relation AND NOT pg_is_other_temp_schema(o.relnamespace) AND NOT EXISTS (SELECT FROM reembed.schema_view AS s WHERE s.view = o.oid))
$$;
COMMENT ON FUNCTION reembed.shares_its_name IS 'Whether another schema has a table or view of the same name, so that a statement without a schema may mean that one.';
