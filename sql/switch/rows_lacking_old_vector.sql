-- A row the application changed moments ago is what the workers are at: under steady writes there is always one.
CREATE OR REPLACE FUNCTION reembed.rows_lacking_old_vector(p_name text) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_rows bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE format($q$
    SELECT count(*) FROM %1$s AS t
     WHERE (%2$s IS NULL OR %5$s) AND reembed.has_text((%3$s)::text)
       AND NOT ((SELECT s.keep_old_current FROM reembed.setting AS s WHERE s.target = $1) AND %4$s)
  $q$, t.relation, reembed.vector_sql(t.name, 'old'), reembed.row_text_sql(t.name),
       reembed.is_noted_sql(t.name, $c$r.needs_old AND r.noted_at > clock_timestamp() - interval '30 seconds'$c$),
       reembed.has_failed_sql(t.name, m.from_model)) INTO v_rows USING t.name;
  RETURN v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.rows_lacking_old_vector IS 'Rows with a text that would not be found if the live view read the old model again. Reads the whole table.';
