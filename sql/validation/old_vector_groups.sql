CREATE OR REPLACE FUNCTION reembed.old_vector_groups(p_name text, p_groups bigint)
RETURNS TABLE (number bigint, rows bigint, lacking_rows bigint, texts bigint, vectors bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE reembed.render('SELECT * FROM reembed.groups_{suffix}($1)',
                                      (SELECT to_jsonb(t) FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name)) USING p_groups;
END;
$$;
COMMENT ON FUNCTION reembed.old_vector_groups IS 'Present checksums of the old vectors of a campaign; rows are divided into p_groups (a power of two) by the hash of their key. Reads the whole table.';
