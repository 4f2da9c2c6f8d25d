-- While old vectors are being archived, or vectors of a part are being moved.
CREATE TABLE {late} ({key_definitions});
-- An index would make the writes that it logs slower. Without an identity PostgreSQL refuses to delete from a table that is published.
ALTER TABLE {late} REPLICA IDENTITY FULL;
COMMENT ON TABLE {late} IS 'pg-reembed: rows that changed while vectors were being archived or moved, and rows of a part whose vector is still to be moved.';

CREATE FUNCTION reembed.log_late_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  INSERT INTO {late} ({key_list}) VALUES ({key_functions});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_late_{suffix} IS 'pg-reembed: logs a row that changes while vectors are being archived or moved.';

CREATE TRIGGER zz_reembed_late_{suffix} AFTER INSERT OR UPDATE ON {table} FOR EACH ROW
  WHEN ({every_new_column})
  EXECUTE FUNCTION reembed.log_late_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_late_{suffix};
COMMENT ON TRIGGER zz_reembed_late_{suffix} ON {table} IS 'pg-reembed: logs what changes while vectors are being archived or moved.';
