-- Only while the table has row level security: it would refuse the side table to pg_dump in the name of a role that may read everything.
CREATE OR REPLACE FUNCTION reembed.guard_side_tables(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v record;
BEGIN
  FOR v IN
    SELECT c.relrowsecurity AS is_guarded,
           jsonb_build_object('table', t.relation::text, 'side', s.oid::regclass::text, 'same_row',
             (SELECT string_agg(reembed.render('{self}.{side} OPERATOR({operator}) t.{column}', k.names || jsonb_build_object('self', quote_ident(s.relname))), ' AND ' ORDER BY k.n)
                FROM reembed.key_names(t.name, s.oid) AS k)) AS names
      FROM reembed.target AS t
      JOIN reembed.vector_column AS w ON w.target = t.name AND w.storage = 'side_table'
      JOIN pg_class AS c ON c.oid = t.relation
      JOIN pg_class AS s ON s.oid = w.relation
     WHERE t.name = p_target
       -- What a DBA has switched on there stays as it is.
       AND CASE WHEN c.relrowsecurity THEN NOT s.relrowsecurity ELSE EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = s.oid AND p.polname = 'reembed_as_the_table') END
  LOOP
    -- What the table shows is asked with the rights of whoever reads, so that its own policies decide. Not by EXISTS, for which a search
    -- would read the whole table into a hash.
    EXECUTE reembed.render(CASE WHEN v.is_guarded THEN
      'ALTER TABLE {side} ENABLE ROW LEVEL SECURITY;
       CREATE POLICY reembed_as_the_table ON {side} FOR SELECT USING ((SELECT true FROM {table} AS t WHERE {same_row}))'
    ELSE
      'DROP POLICY reembed_as_the_table ON {side};
       ALTER TABLE {side} DISABLE ROW LEVEL SECURITY' END, v.names);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.guard_side_tables IS 'Lets a side table show the rows that its table shows, when that has row level security, and all of them when it has none any more.';
