-- The owner can already create in the schema of the table: creating the campaign ensured that.
CREATE OR REPLACE FUNCTION reembed.give_relation(p_relation regclass, p_like regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE reembed.render('ALTER TABLE {relation} OWNER TO {owner}', jsonb_build_object('relation', p_relation::text,
    'owner', (SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class AS c WHERE c.oid = p_like)));
END;
$$;
COMMENT ON FUNCTION reembed.give_relation IS 'Transfers a table to the owner of another one.';
