-- Copies nothing. Their hash shows which vectors belong to former texts, and rollback deletes those.
CREATE OR REPLACE FUNCTION reembed.archive_side_table(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  v_archive name := reembed.archive_name(p_name);
  v_old jsonb;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT reembed.describe_column(m.from_relation, reembed.column_name(m.from_relation, m.from_attnum)) || jsonb_build_object('side_table', c.relname, 'schema', n.nspname) INTO STRICT v_old
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = m.from_relation;
  EXECUTE reembed.render('ALTER TABLE {relation} RENAME TO {archive}; ALTER TABLE {schema}.{archive} SET SCHEMA reembed',
                         jsonb_build_object('relation', m.from_relation::text, 'archive', quote_ident(v_archive), 'schema', quote_ident(v_old ->> 'schema')));
  UPDATE reembed.campaign SET archive = v_archive, old_column = v_old WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.archive_side_table IS 'Turns the side table of the old vectors into the archive of a campaign.';
