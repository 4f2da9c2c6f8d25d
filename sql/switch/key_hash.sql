-- Any language has MD5 and can say the same; the model is in it so that not the same readers try every new model first.
CREATE OR REPLACE FUNCTION reembed.key_hash(p_new_model text, p_key text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || left(md5(p_new_model || '/' || p_key), 8))::bit(32)::bigint;
COMMENT ON FUNCTION reembed.key_hash IS 'Number from 0 to 2^32 - 1 that a reader''s key has for a new model: the reader belongs to a canary of p percent when it is less than p / 100 * 2^32.';
