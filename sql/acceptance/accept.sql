-- A migration file passes the evidence that its author saw; otherwise what is accepted is what the gate finds now. Doubts are always those of now.
CREATE OR REPLACE FUNCTION reembed.accept(p_campaign text, p_code text, p_reason text, p_evidence jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_evidence jsonb := p_evidence;
  v_harms text;
BEGIN
  IF p_code = 'unsure' THEN
    v_evidence := reembed.unsure_evidence(p_campaign);
    IF v_evidence IS NULL THEN
      RAISE EXCEPTION 'the newest validation of campaign % is not unsure', p_campaign
        USING ERRCODE = 'RE004', HINT = 'Only an unsure verdict can be accepted. Where it is a fail, change the thresholds in reembed.setting if they are too strict: SELECT * FROM reembed.judge_validation(id).';
    END IF;
  ELSIF p_code = 'bridge-unmeasured' THEN
    v_evidence := reembed.bridge_acceptance(p_campaign);
    IF v_evidence IS NULL THEN
      RAISE EXCEPTION 'the bridge of campaign % cannot be accepted: it has none, it passed, or its old model can be called', p_campaign
        USING ERRCODE = 'RE004', HINT = 'While the old model can be called, the bridge must be measured: npm run validate -- --bridge. Where it is gone: npm run setting -- old_model_gone=true.';
    END IF;
  ELSIF v_evidence IS NULL THEN
    SELECT string_agg(h.code, ', '), (jsonb_agg(h.evidence) FILTER (WHERE h.code = p_code)) -> 0 INTO v_harms, v_evidence
      FROM unnest(ARRAY['backfill', 'contract']) AS w(phase), reembed.harms(p_campaign, w.phase) AS h;
  END IF;
  IF v_evidence IS NULL THEN
    RAISE EXCEPTION 'there is no % to accept for campaign %', p_code, p_campaign
      USING ERRCODE = 'RE004', HINT = coalesce('What can be accepted: ' || v_harms, 'Nothing needs an acceptance.');
  END IF;
  INSERT INTO reembed.acceptance (campaign, code, reason, evidence) VALUES (p_campaign, p_code, p_reason, v_evidence);
  INSERT INTO reembed.event (target, campaign, kind, to_value, reason)
  VALUES ((SELECT m.target FROM reembed.campaign AS m WHERE m.name = p_campaign), p_campaign, 'acceptance', p_code, p_reason);
  RETURN v_evidence;
END;
$$;
COMMENT ON FUNCTION reembed.accept IS 'Records that a person allows a harm, the verdict unsure, or a bridge that cannot be measured, by its code and with a reason; returns the evidence it is bound to.';
