-- The function's own names of the key columns are not those of the table where a column was renamed, or is called as a parameter is.
-- The search runs with the rights of the table's owner.
CREATE OR REPLACE FUNCTION reembed.record_bridge_item(p_target text, p_key text, p_mapped text, p_vector text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_function constant regprocedure := (SELECT f.oid FROM reembed.campaign AS m CROSS JOIN LATERAL reembed.bridge_function(m.name) AS f(oid) WHERE m.target = p_target AND m.phase <> 'contract');
  v_statement text;
  v_found boolean;
BEGIN
  IF v_function IS NULL THEN
    RETURN NULL;
  END IF;
  v_statement := reembed.render(
    'SELECT coalesce(bool_or(pg_catalog.jsonb_build_object({key}) = ($1)[3]::jsonb), false) AS found FROM {function}(($1)[1]::{vector}, ($1)[2]::{vector}, 10, 100) AS b({keys})',
    jsonb_build_object('key', reembed.each_key(p_target, '{label}, {open}b.key_{n}{close}'), 'keys', reembed.each_key(p_target, 'key_{n}'), 'function', v_function::regproc::text, 'vector', format('%I.vector', reembed.vector_schema())));
  EXECUTE reembed.render('SELECT (a ->> ''found'')::boolean FROM reembed.ask_{suffix}($1, $2) AS a', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target))
    INTO v_found USING v_statement, ARRAY[p_mapped, p_vector, p_key];
  INSERT INTO reembed.bridge_known_item (target, key, found) VALUES (p_target, p_key::jsonb, v_found);
  DELETE FROM reembed.bridge_known_item AS k WHERE k.target = p_target AND k.at < clock_timestamp() - interval '1 day';
  RETURN v_found;
END;
$$;
COMMENT ON FUNCTION reembed.record_bridge_item IS 'Searches for a row through the bridge by the vector of its own text and records whether it was among the nearest ten; null where there is no bridge.';
