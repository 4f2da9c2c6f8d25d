-- A publication with a list of columns does not send a new one.
CREATE OR REPLACE FUNCTION reembed.publications_of(p_relation regclass)
RETURNS TABLE (publication text, is_of_all_tables boolean, is_of_schema boolean, sends_new_columns boolean, sends_updates boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH part AS (
    SELECT p_relation::oid AS oid UNION SELECT w.relid FROM pg_partition_tree(p_relation) AS w
  )
  SELECT p.pubname::text, p.puballtables, n.is_published, p.puballtables OR n.is_published OR r.has_all_columns, p.pubupdate
    FROM pg_publication AS p
   CROSS JOIN LATERAL (SELECT count(*) > 0 AS is_named, coalesce(bool_or(w.prattrs IS NULL), false) AS has_all_columns FROM pg_publication_rel AS w WHERE w.prpubid = p.oid AND w.prrelid IN (SELECT part.oid FROM part)) AS r
   CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_publication_namespace AS w JOIN pg_class AS c ON c.relnamespace = w.pnnspid JOIN part ON part.oid = c.oid WHERE w.pnpubid = p.oid) AS is_published) AS n
   WHERE p.puballtables OR r.is_named OR n.is_published
   ORDER BY 1
$$;
COMMENT ON FUNCTION reembed.publications_of IS 'Publications that send the rows of a table, or of one of its partitions.';
