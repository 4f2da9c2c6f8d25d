CREATE OR REPLACE FUNCTION reembed.judge_vectors(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.validation;
  s reembed.setting;
  i reembed.validation_integrity;
  v_rows bigint;
  c_embed constant text := 'npm run worker, npm run retry, or raise max_failed_rows with npm run setting';
  c_vectors constant text := 'check the provider and the model, and embed the rows again';
BEGIN
  SELECT * INTO v FROM reembed.validation WHERE id = p_validation;
  SELECT o.* INTO s FROM reembed.campaign AS m JOIN reembed.setting AS o ON o.target = m.target WHERE m.name = v.campaign;
  v_rows := v.missing_rows - v.just_changed_rows;
  IF v.compared_rows IS NOT NULL THEN
    RETURN QUERY SELECT 'warning', 'backfill_not_ended',
      format('the backfill has not ended: only the %s with a vector of both models %s compared; the verdict is preliminary', reembed.counted(v.compared_rows, 'row'), CASE v.compared_rows WHEN 1 THEN 'was' ELSE 'were' END), c_embed;
  ELSIF v_rows > s.max_failed_rows THEN
    RETURN QUERY SELECT 'fail', 'vectors_missing', format('%s a new vector, max_failed_rows is %s', reembed.counted(v_rows, 'row lacks', 'rows lack'), s.max_failed_rows), c_embed;
  END IF;
  FOR i IN SELECT * FROM reembed.validation_integrity AS n WHERE n.validation = v.id ORDER BY n.role LOOP
    v_rows := i.zero_rows + i.not_finite_rows + i.wrong_dimensions_rows;
    IF i.role = 'new' AND v_rows > s.max_failed_rows THEN
      RETURN QUERY SELECT 'fail', 'vectors_unusable', format('%s zero (%s), not finite (%s) or of wrong dimensions (%s), max_failed_rows is %s', reembed.counted(v_rows, 'new vector is', 'new vectors are'),
                                                             reembed.count_text(i.zero_rows), reembed.count_text(i.not_finite_rows), reembed.count_text(i.wrong_dimensions_rows), s.max_failed_rows), c_vectors;
    END IF;
    IF i.shared_vector_rows > s.max_shared_vectors * i.rows THEN
      RETURN QUERY SELECT CASE i.role WHEN 'new' THEN 'fail' ELSE 'warning' END, 'vectors_shared',
        format('%s of %s %s vectors are shared by rows with different texts, more than max_shared_vectors %s', reembed.count_text(i.shared_vector_rows), reembed.count_text(i.rows), i.role, s.max_shared_vectors), c_vectors;
    END IF;
    IF i.odd_norm_rows > s.max_odd_norms * i.rows THEN
      RETURN QUERY SELECT CASE i.role WHEN 'new' THEN 'fail' ELSE 'warning' END, 'vectors_odd',
        format('%s of %s %s vectors have an outlying length, more than max_odd_norms %s', reembed.count_text(i.odd_norm_rows), reembed.count_text(i.rows), i.role, s.max_odd_norms), c_vectors;
    END IF;
    IF i.changed_rows > coalesce(s.max_changed_old_rows, 0) THEN
      RETURN QUERY SELECT CASE WHEN s.max_changed_old_rows IS NULL THEN 'warning' ELSE 'fail' END, 'old_vectors_changed',
        format('up to %s changed since %s although their texts did not', reembed.counted(i.changed_rows, 'old vector'), to_char(i.checksum_at, 'YYYY-MM-DD HH24:MI')), 'find out what writes them';
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.judge_vectors IS 'Part of judge_validation(): coverage and integrity of the stored vectors.';
