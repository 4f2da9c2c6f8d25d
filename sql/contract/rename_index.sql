CREATE OR REPLACE FUNCTION reembed.rename_index(p_name text, p_before name, p_after name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
BEGIN
  EXECUTE (SELECT reembed.render('ALTER INDEX {index} RENAME TO {after}', jsonb_build_object('index', i.indexrelid::regclass::text, 'after', quote_ident(p_after)))
             FROM reembed.campaign AS m
             JOIN reembed.target AS t ON t.name = m.target
             JOIN pg_index AS i ON i.indrelid = t.relation
             JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relname = p_before
            WHERE m.name = p_name);
END;
$$;
COMMENT ON FUNCTION reembed.rename_index IS 'Renames the index on the new column, even if the table was renamed or moved.';
