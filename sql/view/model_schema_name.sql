-- Each schema of tables has schemas of its own here, so that a view never hides a table of the same name in another schema.
CREATE OR REPLACE FUNCTION reembed.model_schema_name(p_schema text, p_model text) RETURNS name
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (CASE WHEN octet_length(w.long) <= 63 THEN w.long ELSE left(regexp_replace(w.long, '[^a-z0-9]+', '_', 'g'), 40) || '_' || left(md5(w.long), 8) END)::name
    FROM (SELECT 'reembed_' || coalesce(trim('_' FROM regexp_replace(lower(p_model), '[^a-z0-9]+', '_', 'g')), 'live')
                 || CASE p_schema WHEN 'public' THEN '' ELSE '_in_' || p_schema END AS long) AS w
$$;
COMMENT ON FUNCTION reembed.model_schema_name IS 'Name of the schema with the views that show one model''s vectors under the names of the tables of a schema; without a model, of the schema that follows the live model.';
