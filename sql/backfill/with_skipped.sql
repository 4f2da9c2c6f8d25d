-- A row that is refused for another reason keeps that one.
CREATE OR REPLACE FUNCTION reembed.with_skipped(p_refused jsonb, p_skipped text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN p_refused || coalesce((
  SELECT jsonb_agg(jsonb_build_object('key', s.key, 'class', 'write_skipped', 'message', 'the update of the row raised no error, but a trigger or a policy of its table suppressed or reverted it'))
    FROM unnest(p_skipped) AS s(key) WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(p_refused) AS r(refused) WHERE r.refused ->> 'key' = s.key)), '[]');
COMMENT ON FUNCTION reembed.with_skipped IS 'Adds rows whose write was suppressed by their table to the rows to record as failed.';
