-- create runs this query where it is not installed yet, so it calls no function of pg-reembed. A parsed expression or body contains the OID of each function, those
-- of operators and casts included, and of each table.
CREATE OR REPLACE FUNCTION reembed.expression_faults(p_view regclass, p_tables integer) RETURNS TABLE (code text, object text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE tree AS (
    SELECT r.ev_action::text AS body FROM pg_rewrite AS r WHERE r.ev_class = p_view::oid
  ), called AS (
    SELECT f.oid[1]::oid AS oid, true AS is_direct FROM tree AS t CROSS JOIN LATERAL regexp_matches(t.body, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS f(oid)
    UNION
    SELECT f.oid[1]::oid, false
      FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid AND p.oid >= 16384
     CROSS JOIN LATERAL regexp_matches(p.prosqlbody::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS f(oid)
  ), range AS (
    -- PostgreSQL 15 lists the view itself among its tables.
    SELECT f.oid[1]::oid AS relation, row_number() OVER () AS place
      FROM tree AS t CROSS JOIN LATERAL regexp_matches(t.body, ':rtekind 0 :relid (\d+)', 'g') WITH ORDINALITY AS f(oid, n) WHERE f.oid[1]::oid <> p_view::oid
  )
  SELECT 'volatile', format('%s.%s', n.nspname, p.proname)
    FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE c.is_direct AND p.provolatile = 'v'
  UNION
  SELECT 'reads', r.relation::regclass::text FROM range AS r WHERE r.place > p_tables
  UNION
  SELECT 'reads', format('%s, through function %s', f.oid[1]::oid::regclass, p.oid::regprocedure)
    FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid AND p.oid >= 16384 CROSS JOIN LATERAL regexp_matches(p.prosqlbody::text, ':rtekind 0 :relid (\d+)', 'g') AS f(oid)
  UNION
  -- The body of a function in another language is text. IMMUTABLE promises that it reads no table; STABLE does not.
  SELECT 'unseen', p.oid::regprocedure::text
    FROM called AS c JOIN pg_proc AS p ON p.oid = c.oid JOIN pg_language AS l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND p.provolatile = 's' AND p.prosqlbody IS NULL AND l.lanname NOT IN ('internal', 'c')
     AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
$$;
COMMENT ON FUNCTION reembed.expression_faults IS 'What a view of a text expression over p_tables tables does wrong: volatile functions, other tables that it reads, functions whose body cannot be seen.';
