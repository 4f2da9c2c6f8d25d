CREATE OR REPLACE FUNCTION reembed.leave_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.migration;
  v_relation regclass;
BEGIN
  PERFORM reembed.leave_phase(p_name, 'contract');
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT relation INTO STRICT v_relation FROM reembed.target WHERE name = m.target;
  IF m.from_relation IS NOT NULL THEN
    PERFORM reembed.install_capture(m.target);
    PERFORM reembed.replace_views(m.target);
    RETURN;
  END IF;
  -- What the column had besides its type. NOT NULL stays off: rows written since contract have no old vector yet.
  IF m.old_column ->> 'default' IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', v_relation, m.from_column, m.old_column ->> 'default');
  END IF;
  EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', v_relation, m.from_column,
                 CASE m.old_column ->> 'storage' WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' ELSE 'EXTERNAL' END);
  EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', v_relation, m.from_column, m.old_column ->> 'comment');
  PERFORM reembed.grant_on_column(v_relation, m.from_column, (m.old_column ->> 'grants')::aclitem[]);
  PERFORM reembed.install_capture(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.leave_contract IS 'Leaves phase contract once the old column is there again, still empty.';
