-- Collisions of MD5 or a short hash can be constructed, and one text would then get the vector of another. Hashes UTF-8, so that every program computes the
-- same digest in any database encoding.
CREATE OR REPLACE FUNCTION reembed.text_digest(p_text text) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(encode(sha256(convert_to(p_text, 'UTF8')), 'hex'), 32)::uuid;
COMMENT ON FUNCTION reembed.text_digest IS 'The first half of the SHA-256 of a text in UTF-8; distinguishes repeated texts.';
