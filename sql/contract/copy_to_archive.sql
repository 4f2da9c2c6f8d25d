-- A procedure, because it commits every portion: a long transaction would keep VACUUM from its work. It cannot set a path of its
-- own, so it does nothing but call.
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
COMMENT ON PROCEDURE reembed.copy_to_archive IS 'Copies the old vectors to the archive, with the hash of the text they belong to; can be interrupted and run again.';
