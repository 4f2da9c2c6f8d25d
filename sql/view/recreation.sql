CREATE OR REPLACE FUNCTION reembed.recreation(p_class oid, p_object oid) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY[format('CREATE VIEW %s%s AS %s', c.oid::regclass, ' WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid)),
               format('ALTER VIEW %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(c.relowner)),
               format('COMMENT ON VIEW %s IS %L', c.oid::regclass, obj_description(c.oid, 'pg_class'))]
         || reembed.view_grants(c.oid)
    FROM pg_class AS c
   WHERE p_class = 'pg_class'::regclass AND c.oid = p_object AND c.relkind = 'v'
     AND NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid)
     AND NOT EXISTS (SELECT FROM pg_attrdef AS f WHERE f.adrelid = c.oid)
     AND NOT EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN')
  UNION ALL
  SELECT ARRAY[pg_get_functiondef(p.oid),
               format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, pg_get_userbyid(p.proowner)),
               format('COMMENT ON ROUTINE %s IS %L', p.oid::regprocedure, obj_description(p.oid, 'pg_proc')),
               format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', p.oid::regprocedure)]
         || ARRAY(SELECT format('GRANT EXECUTE ON ROUTINE %s TO %s%s', p.oid::regprocedure, reembed.grantee_name(g.grantee), CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                    FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS g
                   WHERE g.grantee <> p.proowner AND reembed.grantee_name(g.grantee) IS NOT NULL)
    FROM pg_proc AS p
   WHERE p_class = 'pg_proc'::regclass AND p.oid = p_object AND p.prokind IN ('f', 'p')
     AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
$$;
COMMENT ON FUNCTION reembed.recreation IS 'Statements that create a view or a function again as it is, with owner, grants and comment; null for other objects, and for views with triggers, rules or defaults of their own.';
