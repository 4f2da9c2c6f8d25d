-- Two texts with one MD5 can be made on purpose, and one would get the vector of the other.
CREATE OR REPLACE FUNCTION reembed.text_digest(p_text text) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(encode(sha256(convert_to(p_text, getdatabaseencoding())), 'hex'), 32)::uuid;
COMMENT ON FUNCTION reembed.text_digest IS 'The first half of the SHA-256 of a text, by which repeated texts are told apart.';
