-- While old vectors are being archived.
CREATE TABLE {late} ({key_definitions});
COMMENT ON TABLE {late} IS 'pg-reembed: rows that changed while their old vectors were being archived.';

CREATE FUNCTION reembed.log_late_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  INSERT INTO {late} ({key_list}) VALUES ({key_functions});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_late_{suffix} IS 'pg-reembed: logs a row that changes while the old vectors are being archived.';

CREATE TRIGGER zz_reembed_late_{suffix} AFTER INSERT OR UPDATE ON {table} FOR EACH ROW
  WHEN ({every_new_column})
  EXECUTE FUNCTION reembed.log_late_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_late_{suffix};
COMMENT ON TRIGGER zz_reembed_late_{suffix} ON {table} IS 'pg-reembed: logs what changes while the old vectors are being archived.';
