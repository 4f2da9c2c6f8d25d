CREATE OR REPLACE FUNCTION reembed.shift_changes(p_target text, p_forward boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE reembed.render('SELECT reembed.shift_{suffix}($1)', (SELECT jsonb_build_object('suffix', t.suffix) FROM reembed.target AS t WHERE t.name = p_target)) USING p_forward;
END;
$$;
COMMENT ON FUNCTION reembed.shift_changes IS 'Maps waiting changes to the present roles; p_forward: the new model becomes the old one.';
