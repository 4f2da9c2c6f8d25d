-- With the present name of the table, which may differ from that in the target's own name.
CREATE OR REPLACE FUNCTION reembed.target_spellings(p_target text) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT ARRAY[t.name, c.relname, n.nspname || '.' || c.relname, c.relname || '.' || t.column_name, n.nspname || '.' || c.relname || '.' || t.column_name]
         || CASE WHEN t.part = '' THEN '{}' ELSE ARRAY[c.relname || '.' || t.column_name || '.' || t.part, n.nspname || '.' || c.relname || '.' || t.column_name || '.' || t.part] END
    FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE t.name = p_target
);
COMMENT ON FUNCTION reembed.target_spellings IS 'Names that a target may be called by, such as documents, public.documents or public.documents.embedding; null when its table has been dropped.';
