CREATE OR REPLACE FUNCTION reembed.fit_change_log(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_log text := (SELECT format('reembed.change_%s', t.suffix) FROM reembed.target AS t WHERE t.name = p_target);
  v_statement text;
BEGIN
  FOR v_statement IN
    SELECT reembed.render('ALTER TABLE {log} ALTER COLUMN key_{n} TYPE {type}{collation} USING key_{n}::text::{type}', k.names || jsonb_build_object('log', v_log))
      FROM reembed.key_names(p_target) AS k
      JOIN pg_attribute AS a ON a.attrelid = to_regclass(v_log) AND a.attname = 'key_' || k.n
     WHERE format_type(a.atttypid, NULL) <> k.names ->> 'type'
  LOOP
    EXECUTE v_statement;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.fit_change_log IS 'Changes the key columns of a change log to the present key types of the table.';
