-- What fails both times is no proof that nothing changed: what the expression calls may be gone for a moment only.
CREATE OR REPLACE FUNCTION reembed.text_differs(p_old_text text, p_new_text text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_old_text IS DISTINCT FROM p_new_text OR coalesce(starts_with(p_new_text, E'\x01'), false);
COMMENT ON FUNCTION reembed.text_differs IS 'Whether an update may have changed the text of a row, from what its text function gave before and after.';
