CREATE OR REPLACE FUNCTION reembed.check_written_vectors(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_written record;
  v_foreign bigint;
BEGIN
  SELECT c.* INTO STRICT m FROM reembed.campaign AS c JOIN reembed.vector_column AS v ON v.campaign = c.name AND v.role = 'new' WHERE v.target = p_target;
  IF m.phase <> 'contract' THEN
    v_written := reembed.foreign_vectors(m.name);
    -- The gate to contract asks for itself.
    RETURN QUERY SELECT 'written_vectors', 'notice', m.from_model, v_written.vectors > 0,
                        format('the application still writes vectors that are not of %s: at least %s since the switch, the last at %s', m.to_model, reembed.count_text(v_written.vectors), to_char(v_written.last_at, 'YYYY-MM-DD HH24:MI:SS')),
                        jsonb_build_object('vectors', v_written.vectors, 'of_old_model', v_written.of_old_model);
    RETURN;
  END IF;
  SELECT count(*) INTO v_foreign FROM reembed.written_vector AS w WHERE w.target = p_target AND w.found <> 'new' AND w.audited_at > clock_timestamp() - interval '1 day';
  RETURN QUERY SELECT 'written_vectors', 'warning', m.to_model, v_foreign > 0,
                      format('the application writes vectors that are not of %s: %s of a sample of the last day; workers embed these rows again', m.to_model, v_foreign),
                      jsonb_build_object('vectors', v_foreign);
END;
$$;
COMMENT ON FUNCTION reembed.check_written_vectors IS 'Check of the watch: whether vectors that the application wrote since the switch, or since contract, are of another model than the new one.';
