-- A view is also the type of its rows: a function may return them.
CREATE OR REPLACE FUNCTION reembed.view_dependents(p_view regclass) RETURNS TABLE (classid oid, objid oid, depth integer)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE object(classid, objid, depth) AS (
    SELECT 'pg_class'::regclass::oid, p_view::oid, 0
    UNION ALL
    SELECT x.classid, x.objid, o.depth + 1
      FROM object AS o
     CROSS JOIN LATERAL (
       SELECT DISTINCT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END, coalesce(r.ev_class, d.objid)
         FROM pg_depend AS d LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        WHERE d.deptype IN ('n', 'a')
          AND (d.refclassid = o.classid AND d.refobjid = o.objid
               OR o.classid = 'pg_class'::regclass AND d.refclassid = 'pg_type'::regclass
                  AND d.refobjid IN (SELECT unnest(ARRAY[y.oid, y.typarray]) FROM pg_type AS y WHERE y.typrelid = o.objid))
          AND NOT (d.classid = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid WHERE g.oid = d.objid AND p.pronamespace = 'reembed'::regnamespace))
     ) AS x(classid, objid)
     WHERE (x.classid, x.objid) <> (o.classid, o.objid) AND o.depth < 50
  )
  SELECT o.classid, o.objid, max(o.depth) FROM object AS o WHERE o.depth > 0 GROUP BY o.classid, o.objid
$$;
COMMENT ON FUNCTION reembed.view_dependents IS 'Objects that depend on a view or on the type of its rows, directly or through others; the largest depth first is the order to drop them.';
