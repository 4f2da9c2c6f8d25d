-- A procedure, because it commits every portion: a long transaction would hold back VACUUM. A procedure that commits cannot set search_path, so it only calls
-- functions.
CREATE OR REPLACE PROCEDURE reembed.copy_to_archive(p_name text)
LANGUAGE plpgsql
AS $$
DECLARE
  v_block bigint := 0;
BEGIN
  WHILE v_block IS NOT NULL LOOP
    v_block := reembed.archive_portion(p_name, v_block);
    COMMIT;
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE reembed.copy_to_archive IS 'Copies the old vectors to the archive, with the hash of their text; can be interrupted and run again.';
