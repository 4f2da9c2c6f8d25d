CREATE OR REPLACE FUNCTION reembed.take_old_checksum(p_name text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_rows bigint;
  v_groups bigint;
BEGIN
  IF EXISTS (SELECT FROM reembed.old_vector_checksum WHERE campaign = p_name) THEN
    RETURN false;
  END IF;
  SELECT c.total INTO STRICT v_rows FROM reembed.campaign AS m, reembed.coverage(m.target, m.from_model) AS c WHERE m.name = p_name;
  v_groups := power(2, greatest(10, ceil(log(2, greatest(v_rows, 1) / 8.0 + 1))))::bigint;
  INSERT INTO reembed.old_vector_checksum (campaign, taken_at, phase, groups, rows)
  SELECT p_name, clock_timestamp(), m.phase, v_groups, v_rows FROM reembed.campaign AS m WHERE m.name = p_name
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO reembed.old_vector_group (campaign, number, rows, lacking_rows, texts, vectors)
    SELECT p_name, g.* FROM reembed.old_vector_groups(p_name, v_groups) AS g;
    RETURN true;
  END IF;
  RETURN false;
END;
$$;
COMMENT ON FUNCTION reembed.take_old_checksum IS 'Takes the checksums of the old vectors of a campaign unless they exist; returns whether it did. The earlier in a campaign, the more changes they detect.';
