-- One scan for the three figures, so that they are of one moment. A row the application changed moments ago is what the
-- workers are at: under steady writes there is always one, and it is no gap.
CREATE OR REPLACE FUNCTION reembed.coverage(p_target text, p_model text, OUT total bigint, OUT missing bigint, OUT just_changed bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
AS $$
DECLARE
  t reembed.target;
  v_role text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT role INTO STRICT v_role FROM reembed.vector_column WHERE target = p_target AND model = p_model;
  EXECUTE format($q$
    SELECT count(*),
           count(*) FILTER (WHERE %1$s IS NULL),
           count(*) FILTER (WHERE %1$s IS NULL AND %2$s)
      FROM %3$s AS t
     WHERE reembed.has_text((%4$s)::text)
  $q$, reembed.vector_sql(p_target, v_role), reembed.is_noted_sql(p_target, $c$r.noted_at > clock_timestamp() - interval '30 seconds'$c$), t.relation, reembed.row_text_sql(p_target))
    INTO total, missing, just_changed;
END;
$$;
COMMENT ON FUNCTION reembed.coverage IS 'Rows with a text, how many of them lack a vector of the model, and how many of those the application changed in the last 30 seconds. Reads the whole table.';
