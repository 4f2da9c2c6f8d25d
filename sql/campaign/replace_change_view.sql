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
  EXECUTE 'CREATE OR REPLACE VIEW reembed.change AS ' ||
          coalesce(v_logs, 'SELECT NULL::text AS target, NULL::bigint AS seq, NULL::text AS key, NULL::boolean AS needs_new, NULL::boolean AS needs_old, NULL::timestamptz AS changed_at WHERE false');
END;
$$;
COMMENT ON FUNCTION reembed.replace_change_view IS 'Recreates reembed.change, the view over the change logs of all targets.';
