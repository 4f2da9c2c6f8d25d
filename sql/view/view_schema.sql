-- SECURITY DEFINER and open to PUBLIC, like model_view_name(): roles that may read reembed.health may not read the tables of pg-reembed. A table that is moved
-- to another schema leaves its views behind, and the application continues to search them there.
CREATE OR REPLACE FUNCTION reembed.view_schema(p_target text) RETURNS name
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(
           (SELECT n.nspname
              FROM pg_class AS w JOIN pg_namespace AS n ON n.oid = w.relnamespace
             WHERE w.relkind = 'v' AND w.relname = t.live_view
               AND EXISTS (SELECT FROM reembed.view_sources(w.oid) AS s WHERE s.relation = t.relation)
             ORDER BY w.relnamespace <> c.relnamespace, w.oid LIMIT 1),
           (SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname = t.unhooked ->> 'schema'),
           (SELECT n.nspname FROM pg_namespace AS n WHERE n.oid = c.relnamespace))
    FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation
   WHERE t.name = p_target;
$$;
COMMENT ON FUNCTION reembed.view_schema IS 'Schema of the views of a target, even if the table was moved to another schema.';
