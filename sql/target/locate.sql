-- For reembed.erase(). Runs as the table's owner, because the key may have types of that owner.
CREATE FUNCTION reembed.locate_{suffix}(p_key jsonb) RETURNS TABLE (key jsonb, shown text, content text, is_there boolean)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT {c_key_json}, {key_shown}, (SELECT r.content FROM {row} AS r WHERE {r_is_c}), EXISTS (SELECT FROM {row} AS r WHERE {r_is_c})
    FROM (SELECT {keys_of_object} FROM (SELECT p_key AS object) AS i) AS c;
END;
COMMENT ON FUNCTION reembed.locate_{suffix} IS 'pg-reembed: a key as pg-reembed stores it and as validations show it, and the text of its row.';
