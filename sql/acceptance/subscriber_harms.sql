-- The change log and the archive are tables too, so a publication of all tables sends them whichever storage is taken.
CREATE OR REPLACE FUNCTION reembed.subscriber_harms(p_relation regclass) RETURNS TABLE (code text, storage text, evidence jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT h.code, h.storage, jsonb_build_object('publications', jsonb_agg(p.publication ORDER BY p.publication), 'subscribers', s.names)
    FROM (SELECT jsonb_agg(n.name ORDER BY n.name) AS names FROM reembed.native_subscribers() AS n(name)) AS s
    CROSS JOIN reembed.publications_of(p_relation) AS p(publication, is_of_all_tables, is_of_schema, sends_new_columns, sends_updates)
    CROSS JOIN LATERAL (VALUES ('subscribers-lack-columns', 'column', p.sends_new_columns), ('subscribers-lack-tables', 'side_table', p.is_of_all_tables OR p.is_of_schema),
                               ('subscribers-lack-tables', 'column', p.is_of_all_tables)) AS h(code, storage, is_harm)
   WHERE s.names IS NOT NULL AND h.is_harm
   GROUP BY h.code, h.storage, s.names
$$;
COMMENT ON FUNCTION reembed.subscriber_harms IS 'What native subscribers of a table would stop at, by storage of the new vectors.';
