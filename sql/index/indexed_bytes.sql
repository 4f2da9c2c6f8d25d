CREATE OR REPLACE FUNCTION reembed.indexed_bytes(p_form text, p_element_type text, p_dimensions integer) RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE p_form WHEN 'binary' THEN (p_dimensions + 7) / 8
                   ELSE (SELECT p_dimensions * e.bytes_per_dimension FROM reembed.element_type AS e WHERE e.name = p_element_type) END::integer;
COMMENT ON FUNCTION reembed.indexed_bytes IS 'Bytes of a vector in an index of a form, without its header.';
