CREATE OR REPLACE FUNCTION reembed.check_setting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  NEW.updated_at := now();
  IF NOT NEW.paused THEN
    NEW.paused_by := NULL;
    NEW.paused_reason := NULL;
  ELSIF NOT OLD.paused THEN
    NEW.paused_by := coalesce(NEW.paused_by, 'person');
  END IF;
  IF NEW.old_model_gone AND NOT OLD.old_model_gone THEN
    NEW.keep_old_current := false;
  ELSIF NEW.old_model_gone AND NEW.keep_old_current THEN
    RAISE EXCEPTION 'the old model of % is marked as gone, so it cannot be kept current', NEW.target
      USING ERRCODE = 'RE004', HINT = 'Where it can be called again: npm run setting -- old_model_gone=false keep_old_current=true';
  END IF;
  IF NEW.max_usd IS NOT NULL AND EXISTS (
    SELECT FROM reembed.campaign AS c JOIN reembed.model AS o ON o.name = c.to_model
     WHERE c.target = NEW.target AND c.phase <> 'contract' AND o.usd_per_million_tokens IS NULL) THEN
    RAISE EXCEPTION 'max_usd needs the price of the new model of %, which is not known', NEW.target
      USING ERRCODE = 'RE004', HINT = 'Set max_tokens instead, or create the campaign with --price, the US dollars per million tokens.';
  END IF;
  IF NEW.read_model IS DISTINCT FROM OLD.read_model THEN
    IF NOT EXISTS (SELECT FROM reembed.vector_column WHERE target = NEW.target AND model = NEW.read_model) THEN
      RAISE EXCEPTION '% has no vectors of model %', NEW.target, NEW.read_model
        USING ERRCODE = 'RE004',
              HINT = 'Models with vectors: ' || (SELECT string_agg(model, ', ') FROM reembed.vector_column WHERE target = NEW.target);
    END IF;
    SELECT * INTO m FROM reembed.campaign WHERE target = NEW.target AND phase <> 'contract';
    -- Switching back is never refused.
    IF NEW.read_model = m.to_model THEN
      PERFORM reembed.require_gate(m.name, 'switch');
    END IF;
    -- The canary of one direction is not evidence for the other.
    NEW.canary_percent := 0;
  ELSIF NEW.canary_percent > OLD.canary_percent THEN
    SELECT * INTO m FROM reembed.campaign WHERE target = NEW.target AND phase <> 'contract';
    IF m.name IS NULL OR NEW.read_model = m.to_model THEN
      RAISE EXCEPTION 'a canary is impossible: the live view reads % for all readers', NEW.read_model
        USING ERRCODE = 'RE004', HINT = 'A canary sends a share of the readers to the new model of a campaign before the switch.';
    END IF;
    PERFORM reembed.require_gate(m.name, 'canary');
  END IF;
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION reembed.check_setting IS 'Rejects invalid settings before they are stored.';

CREATE OR REPLACE TRIGGER check_setting BEFORE UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.check_setting();
COMMENT ON TRIGGER check_setting ON reembed.setting IS 'See reembed.check_setting().';
