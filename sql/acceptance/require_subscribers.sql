CREATE OR REPLACE FUNCTION reembed.require_subscribers(p_campaign text, p_relation regclass, p_storage text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_harm record;
BEGIN
  SELECT * INTO v_harm FROM reembed.subscriber_harms(p_relation) AS h
   WHERE h.storage = p_storage AND NOT reembed.is_accepted(p_campaign, h.code, h.evidence) ORDER BY h.code LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'expand is refused (%): % of publication % would stop', v_harm.code, v_harm.evidence ->> 'subscribers', v_harm.evidence ->> 'publications'
      USING ERRCODE = 'RE001',
            HINT = format('Delete the five files and create the campaign again: it prints the statements for the subscribers, and --accept %s --reason "why" records that they have run.', v_harm.code);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.require_subscribers IS 'Raises RE001 if a native subscriber would stop at what expand adds, and nobody has accepted that.';
