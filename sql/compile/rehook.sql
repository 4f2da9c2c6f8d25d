CREATE OR REPLACE FUNCTION reembed.rehook(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_view record;
  v_statement text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = reembed.resolve_target(p_target);
  PERFORM reembed.require_owner(t.relation);
  -- First, while the view does not read the log: the key may have another type now.
  PERFORM reembed.fit_change_log(t.name);
  PERFORM reembed.compile_target(t.name);
  PERFORM reembed.replace_views(t.name);
  UPDATE reembed.target SET unhooked = NULL WHERE name = t.name;
  PERFORM reembed.replace_schema_views(t.relation);
  PERFORM reembed.replace_change_view();
  FOR v_view IN SELECT v.key AS name, v.value FROM jsonb_each(t.unhooked -> 'views') AS v LOOP
    CONTINUE WHEN to_regclass(format('%I.%I', reembed.view_schema(t.name), v_view.name)) IS NULL;
    FOR v_statement IN SELECT jsonb_array_elements_text(v_view.value -> 'grants') LOOP
      EXECUTE v_statement;
    END LOOP;
  END LOOP;
  -- The sweep finds rows that were added meanwhile, but not texts that were changed, so both calls belong in one transaction.
  UPDATE reembed.campaign SET swept_at = NULL, needs_old_sweep = phase <> 'contract' WHERE target = t.name;
  IF (t.unhooked ->> 'transaction')::bigint IS DISTINCT FROM txid_current() AND t.unhooked IS NOT NULL THEN
    RAISE WARNING 'rows of % whose text changed since unhook() keep an outdated vector', t.name USING HINT = 'Call unhook() and rehook() in one transaction.';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.rehook IS 'Recreates triggers, views and functions of a target for the present table, and schedules a sweep for rows without a vector.';
