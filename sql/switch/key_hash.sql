-- MD5 exists in every language, so applications can compute the same hash. The model is part of it, so that each new model gets other canary readers.
CREATE OR REPLACE FUNCTION reembed.key_hash(p_new_model text, p_key text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || left(md5(p_new_model || '/' || p_key), 8))::bit(32)::bigint;
COMMENT ON FUNCTION reembed.key_hash IS 'Hash of a reader''s key for a new model, from 0 to 2^32 - 1: the reader belongs to a canary of p percent when the hash is less than p / 100 * 2^32.';
