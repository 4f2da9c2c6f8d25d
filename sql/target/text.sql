-- Parsed when it is made, so that it follows what it calls when that is renamed.
CREATE FUNCTION reembed.raw_text_{suffix}({text_parameters}) RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT ({text_sql})::text FROM (SELECT {text_aliases}) AS t);
COMMENT ON FUNCTION reembed.raw_text_{suffix} IS 'pg-reembed: the text to embed, from the columns it is made of.';

-- The expression may fail on some row. The other rows of a batch must not fail with it, so the answer then begins with a
-- character that no text does; see reembed.text_failure().
CREATE FUNCTION reembed.text_{suffix}({text_parameters}) RETURNS text
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
  RETURN reembed.raw_text_{suffix}({text_arguments});
EXCEPTION WHEN OTHERS THEN
  -- Quoted in a message stands what the row holds.
  RETURN pg_catalog.concat(E'\x01', SQLSTATE, pg_catalog.regexp_replace(SQLERRM, '"[^"]*"', '"…"', 'g'));
END
$body$;
COMMENT ON FUNCTION reembed.text_{suffix} IS 'pg-reembed: the text to embed, or why it cannot be had.';
