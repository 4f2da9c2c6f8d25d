-- A side table has no foreign key: its checks would lock a row of the target for each vector that is stored.
CREATE OR REPLACE FUNCTION reembed.write_follow_function(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $write$
DECLARE
  v_name name := 'follow_' || reembed.capture_suffix(p_target);
  v_deleting text;
  v_truncating text;
BEGIN
  SELECT string_agg(format(E'\n        DELETE FROM %s AS side WHERE %s;', v.relation, reembed.same_key_sql(p_target, 'side', 'OLD')), ''),
         string_agg(format(E'\n        TRUNCATE %s;', v.relation), '')
    INTO v_deleting, v_truncating
    FROM reembed.vector_column AS v WHERE v.target = p_target AND v.is_side_table;
  IF v_deleting IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN%s
      ELSE%s
      END IF;
      RETURN NULL;
    END $f$
  $body$, v_name, v_truncating, v_deleting);
  EXECUTE format('REVOKE ALL ON FUNCTION reembed.%I() FROM PUBLIC', v_name);
  EXECUTE format('COMMENT ON FUNCTION reembed.%I IS %L', v_name, format('Takes the vectors of rows that are deleted from %s out of its side tables.', p_target));
END;
$write$;
COMMENT ON FUNCTION reembed.write_follow_function IS 'Writes the trigger function that takes the vectors of deleted rows out of side tables.';
