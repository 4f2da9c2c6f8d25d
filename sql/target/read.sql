-- Returns rows in the order to write them: for vectors in a column, one row of each page, then a second one of each, and so on. A full page has room for a new
-- row version only after an old one was pruned, and that requires the transaction that replaced it to be over. An update that finds room in its page (HOT)
-- changes no index of the table. A text of more than p_max_bytes is not returned, only its size. Where the row shows the size, the text is not even read from
-- the TOAST table; the negative size then replaces the hash as the fence, because any text of that size is too long.
CREATE FUNCTION reembed.read_batch_{suffix}(p_leaf regclass, p_first tid, p_end tid, p_limit integer, p_skip jsonb[], p_plain boolean, p_max_bytes bigint)
RETURNS TABLE (key text, content text, text_hash bigint, version text, failure text, too_many_bytes bigint, wave integer)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT h.key::text, h.content, coalesce(reembed.text_hash(h.content), -h.bytes), h.version::text, {failure}, CASE WHEN h.bytes > p_max_bytes THEN h.bytes END, h.wave::integer
    FROM (SELECT f.key, f.place, f.version, f.wave, greatest(f.source_bytes, octet_length(f.content)) AS bytes,
                 -- The concatenation makes PostgreSQL fetch the text once, however often it is used.
                 CASE WHEN octet_length(f.content) <= p_max_bytes THEN f.content || '' END AS content
            FROM (SELECT {r_key_json} AS key, r.place, r.version, r.source_bytes, CASE WHEN r.source_bytes <= p_max_bytes THEN r.content END AS content,
                         CASE WHEN {is_plain} THEN 1 ELSE row_number() OVER (PARTITION BY (r.place::text::point)[0] ORDER BY r.place) END AS wave
                    FROM {leaf_row} AS r
                   WHERE r.place >= p_first AND r.place < p_end AND r.new_vector IS NULL OFFSET 0) AS f OFFSET 0) AS h
   WHERE (h.bytes > p_max_bytes OR reembed.has_text(h.content)) AND NOT EXISTS (SELECT FROM unnest(p_skip) AS s(key) WHERE s.key = h.key)
   ORDER BY h.wave, h.place
   LIMIT p_limit;
END;
COMMENT ON FUNCTION reembed.read_batch_{suffix} IS 'pg-reembed: rows between two positions of a leaf that have a text but no new vector, in the order to write them. A wave has at most one row of each page; with p_plain there is one wave. p_skip: keys to leave out. p_max_bytes: of a longer text only the size is returned.';

-- A row that the application has locked is returned as held and served later: its text is about to change, and an embedding would be paid for twice. All
-- changes of a row are served together.
CREATE FUNCTION reembed.read_changes_{suffix}(p_lane integer, p_after bigint, p_up_to bigint, p_limit integer, p_max_bytes bigint)
RETURNS TABLE (seqs bigint[], key text, needs_new boolean, needs_old boolean, state text, content text, text_hash bigint, version text, failure text,
               too_many_bytes bigint, has_text boolean, new_hash bigint, old_is_missing boolean, brought_at timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  WITH next AS MATERIALIZED (
    SELECT c.* FROM {change} AS c
     WHERE c.seq > p_after AND c.seq <= p_up_to AND (p_lane IS NULL OR reembed.change_lane(c.seq) = p_lane)
     ORDER BY c.seq LIMIT p_limit
  ), changed AS MATERIALIZED (
    SELECT {c_keys}, array_agg(c.seq ORDER BY c.seq) AS seqs, bool_or(c.needs_new) AS needs_new, bool_or(c.needs_old) AS needs_old,
           max(c.changed_at) FILTER (WHERE c.brings_vector) AS brought_at
      FROM next AS c GROUP BY {c_keys}
  ), locked AS MATERIALIZED (
    -- Row by row, by the key: PostgreSQL cannot estimate the number of changes, and a join might read the whole table for a few.
    SELECT c.key_1 IS NULL AS is_truncated, {c_key_json}::text AS key, c.seqs, c.needs_new, c.needs_old, c.brought_at, l.*,
           CASE WHEN l.version IS NULL THEN (SELECT true FROM {row} AS r WHERE {r_is_c} LIMIT 1) END AS is_held
      FROM changed AS c
      LEFT JOIN LATERAL (
        SELECT CASE WHEN r.source_bytes <= p_max_bytes THEN r.content END AS content, r.source_bytes, r.version, r.new_hash, r.old_vector IS NULL AS old_is_missing
          FROM {row} AS r WHERE {r_is_c}
           FOR NO KEY UPDATE OF r SKIP LOCKED) AS l ON true
  ), present AS MATERIALIZED (
    SELECT l.is_truncated, l.key, l.seqs, l.needs_new, l.needs_old, l.brought_at, l.is_held, l.version, l.new_hash, l.old_is_missing,
           CASE WHEN octet_length(l.content) <= p_max_bytes THEN l.content || '' END AS content,
           CASE WHEN l.source_bytes > p_max_bytes THEN -l.source_bytes WHEN octet_length(l.content) > p_max_bytes THEN reembed.text_hash(l.content) END AS long_hash,
           CASE WHEN greatest(l.source_bytes, octet_length(l.content)) > p_max_bytes THEN greatest(l.source_bytes, octet_length(l.content)) END AS too_many_bytes
      FROM locked AS l
  )
  SELECT h.seqs, h.key, h.needs_new, h.needs_old,
         CASE WHEN h.is_truncated THEN 'truncated' WHEN h.version IS NOT NULL THEN 'there' WHEN h.is_held THEN 'held' ELSE 'gone' END,
         h.content, coalesce(reembed.text_hash(h.content), h.long_hash), h.version::text, {failure}, h.too_many_bytes,
         h.too_many_bytes IS NOT NULL OR reembed.has_text(h.content), h.new_hash, h.old_is_missing, h.brought_at
    FROM present AS h
   ORDER BY h.seqs[1];
END;
COMMENT ON FUNCTION reembed.read_changes_{suffix} IS 'pg-reembed: the rows of the oldest changes of a lane (null: of all lanes) between two numbers, with all their changes in that range and their present text. p_max_bytes: of a longer text only the size is returned.';

CREATE FUNCTION reembed.scan_{suffix}(p_max_bytes bigint) RETURNS TABLE (leaf regclass, place tid, text_hash bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET row_security = off
BEGIN ATOMIC
  SELECT h.leaf, h.place, reembed.text_hash(h.content)
    FROM (SELECT r.leaf, r.place, r.source_bytes, CASE WHEN r.source_bytes <= p_max_bytes THEN r.content || '' END AS content FROM {row} AS r WHERE r.new_vector IS NULL OFFSET 0) AS h
   WHERE h.source_bytes > p_max_bytes OR reembed.has_text(h.content);
END;
COMMENT ON FUNCTION reembed.scan_{suffix} IS 'pg-reembed: leaf, position and hash of the text of every row that has a text and no new vector; no hash for a text longer than p_max_bytes.';

CREATE FUNCTION reembed.digests_{suffix}(p_leaves regclass[], p_places tid[]) RETURNS TABLE (leaf regclass, place tid, text_digest uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET row_security = off {digest_settings}
BEGIN ATOMIC
  SELECT r.leaf, r.place, reembed.text_digest(r.content) FROM unnest(p_leaves, p_places) AS p(leaf, place) JOIN {row} AS r ON r.place = p.place AND r.leaf = p.leaf;
END;
COMMENT ON FUNCTION reembed.digests_{suffix} IS 'pg-reembed: digests of the texts at the given positions.';
