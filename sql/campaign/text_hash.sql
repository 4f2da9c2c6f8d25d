-- COLLATE "C" distinguishes texts that a nondeterministic collation calls equal.
CREATE OR REPLACE FUNCTION reembed.text_hash(p_text text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.hashtextextended(p_text COLLATE "C", 0);
COMMENT ON FUNCTION reembed.text_hash IS 'Fence of writes: a vector is stored only if the row''s text still has the hash of the embedded text.';
