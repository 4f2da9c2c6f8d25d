-- A DBA may have switched by SQL before the migration file of phase switch ran; dropping the index then would slow every search.
CREATE OR REPLACE FUNCTION reembed.require_unread(p_name text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF EXISTS (SELECT FROM reembed.setting WHERE target = m.target AND read_model = m.to_model) THEN
    RAISE EXCEPTION 'the live view reads the new model, %', m.to_model
      USING ERRCODE = 'RE001', HINT = format('select reembed.switch_to(%L, %L)', m.target, m.from_model);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.require_unread IS 'Raises RE001 while the live view reads the new model, whose vectors must not be removed then.';
