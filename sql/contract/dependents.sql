CREATE OR REPLACE FUNCTION reembed.dependents(p_name text) RETURNS TABLE (description text, is_view boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH old AS (
    SELECT t.name AS target, c.oid AS relation, a.attname AS column_name, a.attnum, (SELECT w.oid FROM pg_namespace AS w WHERE w.nspname = reembed.view_schema(t.name)) AS view_schema, t.live_view, m.from_model, m.to_model,
           m.from_relation IS NOT NULL AS is_side_table, t.part <> '' AS is_part
      FROM reembed.campaign AS m
      JOIN reembed.target AS t ON t.name = m.target
      JOIN pg_class AS c ON c.oid = coalesce(m.from_relation, t.relation)
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum IN (m.from_attnum, m.from_version_attnum)
     WHERE m.name = p_name AND m.phase <> 'contract'
  ), reference AS (
    -- The column of a part stays.
    SELECT old.*, old.relation AS oid, CASE WHEN NOT old.is_side_table THEN old.attnum END AS place FROM old WHERE NOT old.is_part
    UNION ALL
    -- The same column of each leaf of a partitioned table.
    SELECT old.*, l.leaf::oid, a.attnum FROM old CROSS JOIN LATERAL reembed.leaves(old.relation) AS l JOIN pg_attribute AS a ON a.attrelid = l.leaf AND a.attname = old.column_name
     WHERE l.leaf <> old.relation AND NOT old.is_part
    UNION ALL
    -- The view of the old model is dropped together with its column.
    SELECT old.*, c.oid, NULL FROM old
      JOIN pg_class AS c ON c.relnamespace = old.view_schema AND c.relname = reembed.model_view_name(old.target, old.from_model)
    UNION ALL
    SELECT old.*, w.view, NULL FROM old
      JOIN reembed.schema_view AS w ON w.relation = (SELECT t.relation FROM reembed.target AS t WHERE t.name = old.target) AND w.model = old.from_model
  )
  SELECT DISTINCT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                       ELSE format('%s %I.%I', CASE v.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule on' END, n.nspname, v.relname) END,
                  coalesce(v.relkind IN ('m', 'v'), false)
    FROM reference AS old
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = old.oid AND d.refobjsubid = coalesce(old.place, d.refobjsubid) AND d.deptype IN ('n', 'a')
    LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    LEFT JOIN pg_class AS v ON v.oid = r.ev_class
    LEFT JOIN pg_namespace AS n ON n.oid = v.relnamespace
   WHERE (r.oid IS NOT NULL OR NOT old.is_side_table)
     -- Objects of pg-reembed are dropped before the column.
     AND v.relnamespace IS DISTINCT FROM 'reembed'::regnamespace
     AND NOT (d.classid = 'pg_proc'::regclass AND EXISTS (SELECT FROM pg_proc AS p WHERE p.oid = d.objid AND p.pronamespace = 'reembed'::regnamespace))
     AND NOT (d.classid = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid WHERE g.oid = d.objid AND p.pronamespace = 'reembed'::regnamespace))
     AND (r.oid IS NULL OR v.relnamespace <> old.view_schema OR v.relname NOT IN (
            old.live_view, reembed.model_view_name(old.target, old.from_model), reembed.model_view_name(old.target, old.to_model)))
     AND NOT EXISTS (SELECT FROM reembed.schema_view AS w WHERE w.view = v.oid)
     AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT reembed.all_vector_indexes(old.relation, old.column_name)))
     AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS (
            SELECT FROM pg_attrdef AS f JOIN pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
             WHERE f.oid = d.objid AND a.attname = old.column_name))
     AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
            SELECT FROM pg_constraint AS k WHERE k.oid = d.objid AND k.contype = 'n' AND k.conrelid = old.oid))
$$;
COMMENT ON FUNCTION reembed.dependents IS 'Objects of the user that depend on the old column, or on the table of the old vectors, and so prevent its removal; is_view: whether the object is a view, materialized or not.';
