-- Only while the table has row level security: otherwise pg_dump could not dump the side table as a role that may read every row.
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
       -- Row level security that a DBA enabled on the side table stays.
       AND CASE WHEN c.relrowsecurity THEN NOT s.relrowsecurity ELSE EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = s.oid AND p.polname = 'reembed_as_the_table') END
  LOOP
    -- The policy reads the table with the rights of the reader, so that the table's own policies decide. A scalar subquery and not EXISTS, for which a search
    -- would hash the whole table.
    EXECUTE reembed.render(CASE WHEN v.is_guarded THEN
      'ALTER TABLE {side} ENABLE ROW LEVEL SECURITY;
       CREATE POLICY reembed_as_the_table ON {side} FOR SELECT USING ((SELECT true FROM {table} AS t WHERE {same_row}))'
    ELSE
      'DROP POLICY reembed_as_the_table ON {side};
       ALTER TABLE {side} DISABLE ROW LEVEL SECURITY' END, v.names);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.guard_side_tables IS 'Restricts a side table to the rows that its table shows while the table has row level security; lifts the restriction when it has none any more.';
