-- A view whose definition is the same is left alone, so that a switch takes no lock on the views of single models.
CREATE OR REPLACE FUNCTION reembed.replace_schema_views(p_relation regclass, p_all boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  v record;
BEGIN
  FOR v IN
    SELECT w.*, p.view AS present
      FROM reembed.wanted_schema_views(p_relation) AS w
      FULL JOIN (SELECT s.schema, s.view, s.definition, c.relname, c.oid FROM reembed.schema_view AS s LEFT JOIN pg_class AS c ON c.oid = s.view WHERE s.relation = p_relation) AS p
             ON p.schema = w.schema AND p.relname = w.name
     WHERE p_all OR p.definition IS DISTINCT FROM w.definition OR p.oid IS NULL
     ORDER BY w.schema NULLS FIRST
  LOOP
    -- One session at a time changes views and the privileges of their schemas.
    LOCK TABLE reembed.schema_view IN SHARE ROW EXCLUSIVE MODE;
    IF v.schema IS NULL THEN
      PERFORM reembed.drop_schema_view(v.present);
    ELSE
      PERFORM reembed.replace_schema_view(p_relation, v.schema, v.model, v.name, v.definition, v.present);
    END IF;
  END LOOP;
  PERFORM reembed.share_schema_views(p_relation);
  PERFORM reembed.drop_empty_model_schemas();
END;
$$;
COMMENT ON FUNCTION reembed.replace_schema_views IS 'Creates, replaces and drops the views with a table''s own name, as its campaigns, its columns and the live models require now; p_all: replaces also those that are right, which locks them.';
