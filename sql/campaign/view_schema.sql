-- Open to everybody, as model_view_name() is: who may read reembed.health may read no table of ours.
-- A table that moves to another schema leaves its views behind, and the application goes on searching them there.
CREATE OR REPLACE FUNCTION reembed.view_schema(p_target text) RETURNS name
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(
           (SELECT n.nspname
              FROM pg_class AS w JOIN pg_namespace AS n ON n.oid = w.relnamespace
             WHERE w.relkind = 'v' AND w.relname = t.live_view
               AND EXISTS (SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                            WHERE r.ev_class = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relation)
             ORDER BY w.relnamespace <> c.relnamespace, w.oid LIMIT 1),
           (SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname = t.unhooked ->> 'schema'),
           (SELECT n.nspname FROM pg_namespace AS n WHERE n.oid = c.relnamespace))
    FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation
   WHERE t.name = p_target;
$$;
COMMENT ON FUNCTION reembed.view_schema IS 'Schema of the views to search a target through: where they are, wherever the table has gone.';
