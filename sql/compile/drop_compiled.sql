-- Without CASCADE: no object of the user's depends on these. The triggers of vectors that are being archived or moved stay.
CREATE OR REPLACE FUNCTION reembed.drop_compiled(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  t reembed.target;
  v_statement text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  FOR v_statement IN
    SELECT w.statement
      FROM (
        SELECT 1 AS step, 0::oid AS place, format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::regclass) AS statement
          FROM pg_trigger AS g JOIN reembed.compiled_functions(t.name) AS p ON p.oid = g.tgfoid
         WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND (p.proname NOT IN ('log_late_' || t.suffix, 'log_late_side_' || t.suffix) OR to_regclass(format('reembed.late_%s', t.suffix)) IS NULL)
        UNION ALL
        -- Later functions may depend on earlier ones.
        SELECT 2, p.oid, format('DROP FUNCTION %s', p.oid::regprocedure)
          FROM reembed.compiled_functions(t.name) AS p
         WHERE (p.proname NOT IN ('log_late_' || t.suffix, 'log_late_side_' || t.suffix) OR to_regclass(format('reembed.late_%s', t.suffix)) IS NULL)
           AND p.proname NOT IN ('text_' || t.suffix, 'raw_text_' || t.suffix)
        UNION ALL
        SELECT 3, 0, format('DROP VIEW IF EXISTS reembed.%I', 'row_' || t.suffix)
        UNION ALL
        SELECT 4, p.oid, format('DROP FUNCTION %s', p.oid::regprocedure)
          FROM reembed.compiled_functions(t.name) AS p WHERE p.proname IN ('text_' || t.suffix, 'raw_text_' || t.suffix)) AS w
     ORDER BY w.step, w.place DESC
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_compiled IS 'Drops what compile_target() created for a target, except its change log.';
