CREATE OR REPLACE FUNCTION reembed.finish_archive(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_changed bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  -- A vector whose joined text changed must be on record as outdated, because the archive leaves out such vectors.
  WHILE reembed.expand_joins(m.target) > 0 LOOP
  END LOOP;
  EXECUTE reembed.render('SELECT reembed.archive_late_{suffix}($1)', to_jsonb(t)) INTO v_changed USING reembed.failed_keys(m.target, m.from_model);
  PERFORM reembed.end_archive(p_name);
  UPDATE reembed.campaign SET archive = reembed.archive_name(p_name),
         old_column = reembed.describe_column(t.relation, reembed.column_name(t.relation, m.from_attnum))
                      || jsonb_build_object('version_name', reembed.column_name(t.relation, m.from_version_attnum))
   WHERE name = p_name;
  RETURN v_changed;
END;
$$;
COMMENT ON FUNCTION reembed.finish_archive IS 'Applies to the archive the rows that changed while it was being copied, under the lock that also drops the column; returns how many rows changed.';
