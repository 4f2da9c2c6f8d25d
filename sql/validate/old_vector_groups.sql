-- xor does not ask for an order, and no two rows have one key, so that no two hashes take each other away.
CREATE OR REPLACE FUNCTION reembed.old_vector_groups(p_name text, p_groups bigint)
RETURNS TABLE (number bigint, rows bigint, lacking_rows bigint, texts bigint, vectors bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
AS $$
DECLARE
  v reembed.vector_column;
BEGIN
  SELECT c.* INTO STRICT v FROM reembed.vector_column AS c WHERE c.migration = p_name AND c.role = 'old';
  RETURN QUERY EXECUTE format($q$
    SELECT hashtextextended(h.key COLLATE "C", 0) & ($1 - 1), count(*), count(*) FILTER (WHERE h.vector IS NULL),
           bit_xor(hashtextextended(h.key COLLATE "C", h.text)), bit_xor(hashtextextended(coalesce(h.vector, '') COLLATE "C", hashtextextended(h.key COLLATE "C", h.text)))
      FROM (SELECT (%1$s)::text AS key, reembed.text_hash((%2$s)::text) AS text, md5(%3$s(%4$s)) AS vector
              FROM %5$s AS t WHERE reembed.has_text((%2$s)::text)) AS h
     GROUP BY 1
  $q$, reembed.key_sql(v.target, 't'), reembed.row_text_sql(v.target),
       (SELECT format('%I.%s_send', n.nspname, y.typname) FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid JOIN pg_namespace AS n ON n.oid = y.typnamespace
         WHERE a.attrelid = v.relation AND a.attname = v.column_name),
       reembed.vector_sql(v.target, 'old'), (SELECT relation FROM reembed.target WHERE name = v.target))
    USING p_groups;
END;
$$;
COMMENT ON FUNCTION reembed.old_vector_groups IS 'Checksums of the old vectors of a campaign as they are now, the rows divided into p_groups (a power of two) by the hash of their key. Reads the whole table.';
