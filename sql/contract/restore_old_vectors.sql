-- A procedure, because it commits every batch: no lock on the table outlasts one batch. A procedure that commits cannot set search_path, so it calls functions
-- and little else.
CREATE OR REPLACE PROCEDURE reembed.restore_old_vectors(p_name text)
LANGUAGE plpgsql
AS $$
DECLARE
  m reembed.campaign;
  v_rows integer := 100;
  v_started_at timestamp with time zone;
  v_moved bigint;
  v_is_over boolean := false;
  v_leaf pg_catalog.regclass;
  v_block bigint := 0;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name OPERATOR(pg_catalog.=) p_name;
  IF m.archive IS NULL THEN
    RETURN;
  END IF;
  IF m.from_relation IS NOT NULL THEN
    WHILE v_block IS NOT NULL LOOP
      v_block := reembed.sweep_side_table(m.target, 'old', v_block);
      COMMIT;
    END LOOP;
  ELSE
    WHILE NOT v_is_over LOOP
      v_started_at := pg_catalog.clock_timestamp();
      SELECT p.moved, p.is_over INTO v_moved, v_is_over FROM reembed.restore_portion(p_name, v_rows) AS p;
      COMMIT;
      v_rows := reembed.fitting_rows(v_rows, v_started_at);
      IF v_moved IS NOT NULL AND NOT v_moved OPERATOR(pg_catalog.>) 0::bigint THEN
        PERFORM pg_catalog.pg_sleep(0.1::double precision);
      END IF;
    END LOOP;
  END IF;
  -- Rows written since contract have no old vector; the workers embed them where the old model can still be called.
  LOOP
    SELECT p.next_leaf, p.next_block INTO v_leaf, v_block FROM reembed.sweep_portion(p_name, 'old', v_leaf, v_block) AS p;
    COMMIT;
    EXIT WHEN v_leaf IS NULL;
  END LOOP;
  PERFORM reembed.end_restore(p_name);
  COMMIT;
END;
$$;
COMMENT ON PROCEDURE reembed.restore_old_vectors IS 'Restores archived vectors whose text is unchanged, in short transactions; can be interrupted and run again.';
