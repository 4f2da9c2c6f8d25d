-- One view over all change logs, for progress, gates and people. Unhooked targets are left out, because a view would prevent a change of the key type of their
-- log.
CREATE OR REPLACE FUNCTION reembed.replace_change_view() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_logs text;
BEGIN
  SELECT string_agg(reembed.render(E'SELECT {target}::text AS target, c.seq, {key}::text AS key, c.needs_new, c.needs_old, c.changed_at FROM {log} AS c',
                                   jsonb_build_object('target', quote_literal(t.name), 'log', format('reembed.change_%s', t.suffix),
                                                      'key', format('concat_ws(''/'', %s)', (SELECT string_agg('c.key_' || n, ', ' ORDER BY n) FROM generate_series(1, cardinality(t.key_attnums)) AS n)))),
                    E'\nUNION ALL\n' ORDER BY t.name)
    INTO v_logs
    FROM reembed.target AS t WHERE t.unhooked IS NULL AND to_regclass(format('reembed.change_%s', t.suffix)) IS NOT NULL;
  -- A change of a joined table stands for rows that are not known yet.
  SELECT concat_ws(E'\nUNION ALL\n', v_logs, string_agg(reembed.render(E'SELECT {target}::text, 0::bigint, NULL::text, true, true, c.changed_at FROM {log} AS c',
                                                                jsonb_build_object('target', quote_literal(t.name), 'log', l.name)), E'\nUNION ALL\n' ORDER BY t.name, l.name))
    INTO v_logs
    FROM reembed.target AS t CROSS JOIN LATERAL generate_series(1, cardinality(t.joined_tables)) AS n CROSS JOIN LATERAL (SELECT format('reembed.join_change_%s_%s', n, t.suffix) AS name) AS l
   WHERE t.unhooked IS NULL AND to_regclass(format('reembed.change_%s', t.suffix)) IS NOT NULL AND to_regclass(l.name) IS NOT NULL;
  EXECUTE 'CREATE OR REPLACE VIEW reembed.change AS ' ||
          coalesce(nullif(v_logs, ''), 'SELECT NULL::text AS target, NULL::bigint AS seq, NULL::text AS key, NULL::boolean AS needs_new, NULL::boolean AS needs_old, NULL::timestamptz AS changed_at WHERE false');
END;
$$;
COMMENT ON FUNCTION reembed.replace_change_view IS 'Recreates reembed.change, the view over the change logs of all targets.';
