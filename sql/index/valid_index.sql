CREATE OR REPLACE FUNCTION reembed.valid_index(p_relation regclass, p_index name) RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT c.oid::regclass
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
   WHERE i.indrelid = p_relation AND c.relname = p_index AND i.indisvalid AND i.indisready
);
COMMENT ON FUNCTION reembed.valid_index IS 'The index of a table that has this name; null when there is none or it is not usable.';
