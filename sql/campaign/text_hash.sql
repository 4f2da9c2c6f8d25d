-- COLLATE "C": two texts that a nondeterministic collation calls equal are still two texts.
CREATE OR REPLACE FUNCTION reembed.text_hash(p_text text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.hashtextextended(p_text COLLATE "C", 0);
COMMENT ON FUNCTION reembed.text_hash IS 'Fences writes: a vector is stored only if the text of the row still has the hash that was embedded.';
