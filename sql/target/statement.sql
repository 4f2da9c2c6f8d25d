-- For validation, whose statements depend on the user's options: runs with the rights of the table's owner for any caller. One statement at a time, because a
-- loop accepts only one.
CREATE FUNCTION reembed.ask_{suffix}(p_statement text, p_values text[]) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
AS $body$
DECLARE
  v_row record;
BEGIN
  FOR v_row IN EXECUTE p_statement USING p_values LOOP
    RETURN NEXT pg_catalog.to_jsonb(v_row);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION reembed.ask_{suffix} IS 'pg-reembed: runs one statement of pg-reembed with the rights of the table''s owner. Only the installer may call it.';
