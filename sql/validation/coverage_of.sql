CREATE OR REPLACE FUNCTION reembed.coverage_of(p_target text, OUT total bigint, OUT missing_new bigint, OUT just_changed_new bigint,
                                               OUT missing_old bigint, OUT just_changed_old bigint, OUT not_found_by_old bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_old text := (SELECT v.model FROM reembed.vector_column AS v WHERE v.target = p_target AND v.role = 'old');
BEGIN
  EXECUTE reembed.render('SELECT * FROM reembed.coverage_{suffix}($1)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target))
    INTO STRICT total, missing_new, just_changed_new, missing_old, just_changed_old, not_found_by_old USING reembed.failed_keys(p_target, v_old);
END;
$$;
COMMENT ON FUNCTION reembed.coverage_of IS 'Rows of a target with a text, and how many of them lack which vectors. Reads the whole table.';
