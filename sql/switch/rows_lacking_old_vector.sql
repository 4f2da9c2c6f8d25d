CREATE OR REPLACE FUNCTION reembed.rows_lacking_old_vector(p_name text) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  s reembed.setting;
  v_found record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = m.target;
  v_found := reembed.coverage_of(m.target);
  -- A row that changed moments ago does not count where workers keep the old model current: they are about to embed it.
  RETURN v_found.not_found_by_old - CASE WHEN s.keep_old_current THEN v_found.just_changed_old ELSE 0 END;
END;
$$;
COMMENT ON FUNCTION reembed.rows_lacking_old_vector IS 'Rows with a text that a search would miss if the live view read the old model again. Reads the whole table.';
