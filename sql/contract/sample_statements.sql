-- Only SELECT and the statements that change rows: a dump or DDL searches nothing. Of statements that name pg-reembed, such as query_vector(), the table is a
-- view of ours. When a statement was last called is not recorded, so its total time is compared with an earlier one: unlike the number of calls, it also
-- tells when the server has discarded its entry and made another.
CREATE OR REPLACE FUNCTION reembed.sample_statements(p_name text, p_is_first boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_relation regclass;
  v_view regclass := reembed.statement_statistics();
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT coalesce(m.from_relation, t.relation) INTO STRICT v_relation FROM reembed.target AS t WHERE t.name = m.target;
  IF p_is_first THEN
    DELETE FROM reembed.column_statement WHERE campaign = p_name;
    UPDATE reembed.campaign SET table_scans = (SELECT u.seq_scan FROM pg_stat_user_tables AS u WHERE u.relid = v_relation) WHERE name = p_name;
  END IF;
  IF v_view IS NULL THEN
    RETURN;
  END IF;
  EXECUTE reembed.render(
    'INSERT INTO reembed.column_statement AS k (campaign, queryid, total_ms, called_at, statement)
     SELECT $1, s.queryid, sum(s.total_exec_time ORDER BY s.userid), CASE WHEN NOT $2 THEN clock_timestamp() END, left(regexp_replace(min(s.query), ''[[:cntrl:][:space:]]+'', '' '', ''g''), 200)
       FROM {view} AS s
      WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND s.toplevel AND s.queryid IS NOT NULL
        AND s.query ~* ''^(\s|\(|/\*([^*]|\*[^/])*\*/|--[^\n]*\n)*(select|with|insert|update|delete|merge|declare)\M''
        AND s.query ~* $3 AND s.query ~* $4 AND s.query !~* ''\mreembed(_\w+)?\.''
      GROUP BY s.queryid
     ON CONFLICT (campaign, queryid) DO UPDATE SET total_ms = excluded.total_ms, called_at = excluded.called_at WHERE k.total_ms <> excluded.total_ms', jsonb_build_object('view', v_view::text))
    USING p_name, p_is_first, reembed.old_table_pattern(p_name), reembed.word_pattern(reembed.column_name(v_relation, m.from_attnum));
END;
$$;
COMMENT ON FUNCTION reembed.sample_statements IS 'Records which statements name the table and its old vector column, and when they were last seen to have run. p_is_first: begins anew, at the switch.';
