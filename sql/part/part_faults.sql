-- create runs this query where it is not installed yet, so it calls no function of pg-reembed. The clause is not evaluated: a function of the table's owner
-- would run with the rights of the role that checks it.
CREATE OR REPLACE FUNCTION reembed.part_faults(p_view regclass) RETURNS TABLE (code text, object text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH tree AS (
    SELECT r.ev_action::text AS body FROM pg_rewrite AS r WHERE r.ev_class = p_view::oid
  ), called AS (
    SELECT DISTINCT f.oid[1]::oid AS oid FROM tree AS t CROSS JOIN LATERAL regexp_matches(t.body, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS f(oid)
  )
  SELECT 'part_reads_table', 'a subquery' FROM tree AS t WHERE t.body ~ '\{SUBLINK '
  UNION ALL
  -- A cast through the text form of a value depends on settings such as TimeZone.
  SELECT 'part_not_immutable', CASE WHEN t.body ~ '\{SQLVALUEFUNCTION ' THEN 'a value that depends on the session' ELSE 'a cast through text' END
    FROM tree AS t WHERE t.body ~ '\{(SQLVALUEFUNCTION|COERCEVIAIO) '
  UNION ALL
  SELECT 'part_not_immutable', p.oid::regprocedure::text FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid WHERE p.provolatile <> 'i'
  UNION ALL
  -- It could be replaced later, read a table, or fail inside of the application's write. The owner of a trusted extension can add a function of its own to it,
  -- which would run with the rights of the triggers.
  SELECT 'part_calls_function', p.oid::regprocedure::text
    FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid
    JOIN pg_roles AS o ON o.oid = p.proowner
   WHERE p.oid >= 16384
     AND NOT (o.rolsuper AND EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
  UNION ALL
  -- No fault: triggers and views bear it. The index that contract builds does not. PostgreSQL lets only functions be LEAKPROOF that raise no error.
  SELECT 'clause-may-fail', p.oid::regprocedure::text FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid WHERE NOT p.proleakproof
  UNION ALL
  -- The constraint of a domain may call any function.
  SELECT 'part_calls_function', 'a cast to a domain' FROM tree AS t WHERE t.body ~ '\{COERCETODOMAIN '
  UNION ALL
  SELECT 'part_reads_row', 'the row as a whole' FROM tree AS t WHERE t.body ~ ':varattno 0 '
  UNION ALL
  -- It has no value in the function of a trigger.
  SELECT 'part_reads_virtual', format('the virtual column %I', a.attname)
    FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE r.ev_class = p_view::oid AND a.attgenerated = 'v'
$$;
COMMENT ON FUNCTION reembed.part_faults IS 'What a view with the clause of a part does wrong: its truth could change without a change of the row, or it runs code that may be replaced. With code clause-may-fail, a function that may fail on a row, as far as PostgreSQL knows.';
