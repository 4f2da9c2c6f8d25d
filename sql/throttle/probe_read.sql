-- Runs with the installer's rights, and its inner functions with those of the table's owner: a worker needs no right to search, and gets only the time.
-- The first of two searches is not timed: during a rest probes follow one another closely, between two rests they do not, and would be slower for the cold
-- caches of the processor alone.
CREATE OR REPLACE FUNCTION reembed.probe_read(p_target text, p_is_resting boolean) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_names jsonb;
  v_vector text;
  v_started_at timestamptz;
  v_milliseconds double precision;
BEGIN
  SELECT jsonb_build_object('suffix', t.suffix, 'role', v.role, 'type', reembed.role_names(v, v.role) ->> 'type') INTO STRICT v_names
    FROM reembed.target AS t JOIN reembed.vector_column AS v ON v.target = t.name AND v.is_read WHERE t.name = p_target;
  EXECUTE reembed.render('SELECT reembed.any_{role}_{suffix}()::text', v_names) INTO v_vector;
  IF v_vector IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE reembed.render('SELECT reembed.nearest_{role}_{suffix}($1::{type})', v_names) USING v_vector;
  EXECUTE reembed.render('SELECT coalesce(reembed.any_{role}_{suffix}()::text, $1)', v_names) INTO v_vector USING v_vector;
  v_started_at := clock_timestamp();
  EXECUTE reembed.render('SELECT reembed.nearest_{role}_{suffix}($1::{type})', v_names) USING v_vector;
  v_milliseconds := extract(epoch FROM clock_timestamp() - v_started_at) * 1000;
  DELETE FROM reembed.read_probe AS p WHERE p.target = p_target AND p.at < clock_timestamp() - interval '1 hour';
  INSERT INTO reembed.read_probe (target, milliseconds, is_resting) VALUES (p_target, v_milliseconds, p_is_resting);
  RETURN v_milliseconds;
END;
$$;
COMMENT ON FUNCTION reembed.probe_read IS 'Makes two searches like the live view and records how long the second took, in milliseconds; null when there is no vector to search for.';
