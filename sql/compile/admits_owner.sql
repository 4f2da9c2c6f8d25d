-- REASSIGN OWNED gives the functions of the triggers to another role, but no right on the log. Without this, every write of the application would fail from then on.
CREATE OR REPLACE FUNCTION reembed.admits_owner(p_target text, p_log text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(E'  IF NOT pg_catalog.has_table_privilege(%L::pg_catalog.regclass, ''INSERT'') THEN\n    PERFORM reembed.admit_owners(%L);\n  END IF;\n', p_log, p_target)
$$;
COMMENT ON FUNCTION reembed.admits_owner IS 'What a function of a capture trigger does before it writes to a log on which its owner has no right.';
