-- On every view of the table while one of its models has a side table: otherwise the switch would end the writes through the view that follows it.
CREATE TRIGGER refuse_write INSTEAD OF INSERT OR UPDATE OR DELETE ON {view} FOR EACH ROW EXECUTE FUNCTION reembed.refuse_write({table_literal});
COMMENT ON TRIGGER refuse_write ON {view} IS 'pg-reembed: the table itself is to be written.';
