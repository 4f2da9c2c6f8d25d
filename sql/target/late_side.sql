-- While new vectors are moved out of the side table: a worker may store another one after its row has been moved.
CREATE FUNCTION reembed.log_late_side_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
    INSERT INTO {late} ({key_list}) VALUES ({old_side_keys});
  ELSE
    INSERT INTO {late} ({key_list}) VALUES ({new_side_keys});
  END IF;
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_late_side_{suffix} IS 'pg-reembed: logs a vector of the side table that changes while vectors are being moved out of it.';

CREATE TRIGGER zz_reembed_late_{suffix} AFTER INSERT OR UPDATE OR DELETE ON {new_relation} FOR EACH ROW
  EXECUTE FUNCTION reembed.log_late_side_{suffix}();
ALTER TABLE {new_relation} ENABLE ALWAYS TRIGGER zz_reembed_late_{suffix};
COMMENT ON TRIGGER zz_reembed_late_{suffix} ON {new_relation} IS 'pg-reembed: logs what changes while vectors are being moved.';
