-- Only constraints that rows may violate: those that were never validated, and those that call a function of the user's, which may have been replaced.
CREATE OR REPLACE FUNCTION reembed.violation_query(p_relation regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('SELECT c.name, count(*) AS rows FROM %s AS t CROSS JOIN LATERAL (VALUES %s) AS c(name, is_violated) WHERE c.is_violated GROUP BY c.name',
                p_relation, string_agg(format('(%L, NOT (%s))', k.conname, CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) ELSE format('%I IS NOT NULL', a.attname) END), ', ' ORDER BY k.conname))
    FROM pg_constraint AS k
    LEFT JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
   WHERE k.conrelid = p_relation AND k.contype IN ('c', 'n')
     AND (NOT k.convalidated OR EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND d.refclassid = 'pg_proc'::regclass))
  HAVING count(*) > 0
$$;
COMMENT ON FUNCTION reembed.violation_query IS 'The statement that counts the rows that violate a constraint of their own table; null where there is no such constraint. It runs code of the owner.';
