-- Trimming reads every character of a text; for almost every text the first few are sufficient.
CREATE OR REPLACE FUNCTION reembed.has_text(p_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(btrim(left(p_text, 20), E' \t\n\r') <> '' OR btrim(p_text, E' \t\n\r') <> '', false);
COMMENT ON FUNCTION reembed.has_text IS 'Whether a text can be embedded: providers reject null and blank texts, so such rows need no vector.';
