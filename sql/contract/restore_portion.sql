CREATE OR REPLACE FUNCTION reembed.restore_portion(p_name text, p_rows integer, OUT moved bigint, OUT is_over boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  EXECUTE reembed.render('SELECT reembed.restore_{suffix}($1)', to_jsonb(t)) INTO moved USING p_rows;
  EXECUTE reembed.render('SELECT reembed.archive_is_empty_{suffix}()', to_jsonb(t)) INTO is_over;
END;
$$;
COMMENT ON FUNCTION reembed.restore_portion IS 'Restores about p_rows archived vectors; returns how many left the archive and whether all are restored.';
