-- Which model a vector is of matters once the application should have changed: from the switch on, and again from contract on, when the column is the new one.
CREATE OR REPLACE FUNCTION reembed.record_written(p_target text, p_written jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_kept constant integer := 300;
  v_since timestamptz;
BEGIN
  SELECT CASE m.phase WHEN 'contract' THEN m.phase_entered_at ELSE m.switched_at END INTO v_since
    FROM reembed.vector_column AS v JOIN reembed.campaign AS m ON m.name = v.campaign WHERE v.target = p_target AND v.role = 'new';
  INSERT INTO reembed.written_vector (target, key, text_hash, written_at)
  SELECT p_target, w.key, w.text_hash, w.written_at FROM jsonb_to_recordset(p_written) AS w(key jsonb, text_hash bigint, written_at timestamptz)
   WHERE w.written_at > v_since ORDER BY w.written_at;
  DELETE FROM reembed.written_vector AS w USING (
    SELECT o.id FROM reembed.written_vector AS o WHERE o.target = p_target
       AND o.id <= (SELECT n.id FROM reembed.written_vector AS n WHERE n.target = p_target ORDER BY n.id DESC OFFSET v_kept LIMIT 1)
       FOR UPDATE SKIP LOCKED) AS g
   WHERE w.id = g.id;
END;
$$;
COMMENT ON FUNCTION reembed.record_written IS 'Records rows into which the application wrote a vector of its own, once the new model is read; keeps the newest 300 of a target.';
