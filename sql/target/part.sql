-- For triggers: a clause that fails on a row must not make the application's write fail. The row is logged then. A text, so that ADD COLUMN … DEFAULT works.
CREATE FUNCTION reembed.in_part_{suffix}(r {table}) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN coalesce({r_in_part}, false);
EXCEPTION WHEN OTHERS THEN
  RETURN true;
END
$body$;
COMMENT ON FUNCTION reembed.in_part_{suffix} IS 'pg-reembed: whether a row belongs to the part of the table that is migrated.';
