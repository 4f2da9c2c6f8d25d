CREATE OR REPLACE FUNCTION reembed.end_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  v_names jsonb := (SELECT jsonb_build_object('suffix', t.suffix, 'table', t.relation::text, 'side', c.oid::regclass::text)
                      FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target LEFT JOIN pg_trigger AS g ON g.tgrelid = m.to_relation AND g.tgname = 'zz_reembed_late_' || t.suffix LEFT JOIN pg_class AS c ON c.oid = g.tgrelid WHERE m.name = p_name);
BEGIN
  IF v_names ->> 'side' IS NOT NULL THEN
    EXECUTE reembed.render('DROP TRIGGER IF EXISTS zz_reembed_late_{suffix} ON {side}', v_names);
  END IF;
  EXECUTE reembed.render('
    DROP TRIGGER IF EXISTS zz_reembed_late_{suffix} ON {table};
    DROP TRIGGER IF EXISTS zz_reembed_late_delete_{suffix} ON {table};
    DROP FUNCTION IF EXISTS reembed.log_late_{suffix}(), reembed.log_late_side_{suffix}(), reembed.archive_rows_{suffix}(regclass, tid, tid, jsonb[]), reembed.archive_late_{suffix}(jsonb[]);
    DROP TABLE IF EXISTS reembed.late_{suffix}', v_names);
END;
$$;
COMMENT ON FUNCTION reembed.end_archive IS 'Drops the triggers and the table that logged changes while vectors were being archived or moved.';
