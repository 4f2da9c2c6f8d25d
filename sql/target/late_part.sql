-- After late.sql, of a part: logs rows of the part alone, and the former key of a row that was deleted, or that left the part.
CREATE OR REPLACE FUNCTION reembed.log_late_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  IF TG_OP OPERATOR(pg_catalog.<>) 'DELETE' THEN
    IF reembed.in_part_{suffix}(NEW) THEN
      INSERT INTO {late} ({key_list}) VALUES ({key_functions});
    END IF;
  END IF;
  IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
    RETURN NULL;
  END IF;
  IF NOT reembed.in_part_{suffix}(OLD) THEN
    RETURN NULL;
  END IF;
  IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    IF reembed.in_part_{suffix}(NEW) AND NOT reembed.key_differs_{suffix}(OLD, NEW) THEN
      RETURN NULL;
    END IF;
  END IF;
  INSERT INTO {late} ({key_list}) VALUES ({old_key_functions});
  RETURN NULL;
END
$body$;

CREATE TRIGGER zz_reembed_late_delete_{suffix} AFTER DELETE ON {table} FOR EACH ROW
  WHEN ({every_old_column})
  EXECUTE FUNCTION reembed.log_late_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_late_delete_{suffix};
COMMENT ON TRIGGER zz_reembed_late_delete_{suffix} ON {table} IS 'pg-reembed: logs what is deleted while vectors are being archived or moved.';
