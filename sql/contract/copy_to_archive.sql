-- A procedure, because it commits every portion: a long transaction would hold back VACUUM. A procedure that commits cannot set search_path, so it only calls
-- functions.
CREATE OR REPLACE PROCEDURE reembed.copy_to_archive(p_name text)
LANGUAGE plpgsql
AS $$
DECLARE
  v_leaf pg_catalog.regclass;
  v_block bigint;
BEGIN
  LOOP
    SELECT p.next_leaf, p.next_block INTO v_leaf, v_block FROM reembed.archive_portion(p_name, v_leaf, v_block) AS p;
    COMMIT;
    EXIT WHEN v_leaf IS NULL;
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE reembed.copy_to_archive IS 'Copies the old vectors to the archive, with the hash of their text; can be interrupted and run again.';
