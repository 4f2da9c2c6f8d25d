-- Two texts with one MD5, or one short hash, can be made on purpose, and one would get the vector of the other. Of UTF-8, so that
-- every program comes to the same, whatever the encoding of the database.
CREATE OR REPLACE FUNCTION reembed.text_digest(p_text text) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(encode(sha256(convert_to(p_text, 'UTF8')), 'hex'), 32)::uuid;
COMMENT ON FUNCTION reembed.text_digest IS 'The first half of the SHA-256 of a text in UTF-8, by which repeated texts are distinguished.';
