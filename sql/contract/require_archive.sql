CREATE OR REPLACE FUNCTION reembed.require_archive(p_name text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF m.phase = 'contract' AND m.purged_at IS NOT NULL THEN
    RAISE EXCEPTION 'the old vectors of % were purged at %', p_name, to_char(m.purged_at, 'YYYY-MM-DD HH24:MI:SS')
      USING ERRCODE = 'RE001', HINT = format('To return to %s, create a campaign with it as the new model.', m.from_model);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.require_archive IS 'Raises RE001 when the old vectors were purged and rollback is impossible.';
