-- The statement runs with the rights of the table's owner. The rows join those that searches wanted, which workers take first, a few at a time: the ledger keeps
-- its physical order, and changed rows do not wait for them.
CREATE OR REPLACE FUNCTION reembed.want_popular(p_campaign text, p_column name, p_most bigint DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target constant text := (SELECT m.target FROM reembed.campaign AS m WHERE m.name = p_campaign);
  v_statement text;
  v_rows bigint;
BEGIN
  v_statement := reembed.render(
    'SELECT pg_catalog.jsonb_build_object({key}) AS key FROM {table} AS t WHERE t.{column} IS NOT NULL{part} ORDER BY t.{column} DESC LIMIT ($1)[1]::bigint',
    jsonb_build_object(
      'key', reembed.each_key(v_target, '{label}, {open}t.{column}{close}'),
      'table', (SELECT t.relation::text FROM reembed.target AS t WHERE t.name = v_target),
      'column', quote_ident(p_column),
      'part', coalesce(' AND (' || reembed.part_condition(v_target) || ')', '')));
  EXECUTE reembed.render(
    'INSERT INTO reembed.wanted_row (target, key) SELECT $1, a.row -> ''key'' FROM reembed.ask_{suffix}($2, $3) WITH ORDINALITY AS a(row, place) ORDER BY a.place',
    (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = v_target))
    USING v_target, v_statement, ARRAY[p_most::text];
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  RETURN v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.want_popular IS 'Has the rows with the largest values of a column embedded before the others, p_most at most; returns how many. Reads the table once.';
