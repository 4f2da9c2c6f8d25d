-- xor does not depend on the order of rows, and keys are unique, so equal hashes cannot cancel each other.
CREATE FUNCTION reembed.groups_{suffix}(p_groups bigint) RETURNS TABLE (number bigint, rows bigint, lacking_rows bigint, texts bigint, vectors bigint)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT hashtextextended(h.key COLLATE "C", 0) & (p_groups - 1), count(*), count(*) FILTER (WHERE h.vector IS NULL),
         bit_xor(hashtextextended(h.key COLLATE "C", h.text)), bit_xor(hashtextextended(coalesce(h.vector, '') COLLATE "C", hashtextextended(h.key COLLATE "C", h.text)))
    FROM (SELECT {r_key_json}::text AS key, reembed.text_hash(r.content) AS text, md5({old_send}(r.old_vector)) AS vector
            FROM {row} AS r WHERE reembed.has_text(r.content)) AS h
   GROUP BY 1;
END;
COMMENT ON FUNCTION reembed.groups_{suffix} IS 'pg-reembed: present checksums of the old vectors; rows are divided into p_groups (a power of two) by the hash of their key. Reads the whole table.';
