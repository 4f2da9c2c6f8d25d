-- A publication with a list of columns does not send a new one.
CREATE OR REPLACE FUNCTION reembed.publications_of(p_relation regclass)
RETURNS TABLE (publication text, is_of_all_tables boolean, is_of_schema boolean, sends_new_columns boolean, sends_updates boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.pubname::text, p.puballtables, n.oid IS NOT NULL, p.puballtables OR n.oid IS NOT NULL OR r.prattrs IS NULL, p.pubupdate
    FROM pg_publication AS p
    LEFT JOIN pg_publication_rel AS r ON r.prpubid = p.oid AND r.prrelid = p_relation
    LEFT JOIN pg_publication_namespace AS n ON n.pnpubid = p.oid AND n.pnnspid = (SELECT c.relnamespace FROM pg_class AS c WHERE c.oid = p_relation)
   WHERE p.puballtables OR r.oid IS NOT NULL OR n.oid IS NOT NULL
   ORDER BY 1
$$;
COMMENT ON FUNCTION reembed.publications_of IS 'Publications that send the rows of a table.';
