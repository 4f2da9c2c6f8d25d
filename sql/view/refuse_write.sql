CREATE OR REPLACE FUNCTION reembed.refuse_write() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'view %.% can only be read, because vectors of % are in a side table', quote_ident(TG_TABLE_SCHEMA), quote_ident(TG_TABLE_NAME), TG_ARGV[0]
    USING ERRCODE = 'RE007', HINT = format('Write to %s, the table itself: workers embed the row.', TG_ARGV[0]);
END;
$$;
COMMENT ON FUNCTION reembed.refuse_write IS 'Trigger of views that join a side table: names the table to write to.';
