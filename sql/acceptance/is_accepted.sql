CREATE OR REPLACE FUNCTION reembed.is_accepted(p_campaign text, p_code text, p_evidence jsonb) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM reembed.acceptance AS a
     WHERE a.campaign = p_campaign AND a.code = p_code
       AND NOT EXISTS (
         SELECT FROM jsonb_each(p_evidence) AS e
          WHERE NOT coalesce(CASE jsonb_typeof(e.value) WHEN 'number' THEN (a.evidence -> e.key)::numeric >= e.value::numeric
                                                        ELSE (a.evidence -> e.key) @> e.value END, false)));
$$;
COMMENT ON FUNCTION reembed.is_accepted IS 'Whether a harm is accepted: a number of the evidence may have fallen since, and a list may have lost members; more of either makes the acceptance void.';
