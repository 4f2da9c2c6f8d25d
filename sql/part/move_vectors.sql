-- A procedure, because it commits every portion: no lock on a row outlasts one. A procedure that commits cannot set search_path, so it calls functions and
-- little else. The signals that throttle a backfill are read between two portions.
CREATE OR REPLACE PROCEDURE reembed.move_vectors(p_name text, p_moving text)
LANGUAGE plpgsql
AS $$
DECLARE
  v_rows integer := 100;
  v_first_at constant timestamp with time zone := pg_catalog.clock_timestamp();
  v_started_at timestamp with time zone;
  v_is_over boolean := false;
BEGIN
  WHILE NOT v_is_over LOOP
    IF reembed.move_is_stopped(p_name, p_moving) THEN
      PERFORM pg_catalog.pg_sleep(1::double precision);
    ELSE
      v_started_at := pg_catalog.clock_timestamp();
      v_is_over := reembed.move_portion(p_name, p_moving, v_rows);
      COMMIT;
      v_rows := reembed.fitting_rows(v_rows, v_started_at);
      PERFORM pg_catalog.pg_sleep(reembed.move_rest(p_name, v_first_at, v_started_at));
    END IF;
    COMMIT;
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE reembed.move_vectors IS 'Moves the vectors of a part in one of the ways of campaign.moving, if its campaign has come to that, in short transactions; can be interrupted and run again.';
