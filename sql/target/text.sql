-- The body is parsed when the function is created, so that it follows renamed objects.
CREATE FUNCTION reembed.raw_text_{suffix}({text_parameters}) RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT ({text_sql})::text FROM (SELECT {text_aliases}) AS t{text_joins});
COMMENT ON FUNCTION reembed.raw_text_{suffix} IS 'pg-reembed: the text to embed, from the columns it is made of.';

-- The expression may fail on a row. The other rows of the batch must not fail with it, so the result then starts with a character that no text starts with;
-- see reembed.text_failure().
CREATE FUNCTION reembed.text_{suffix}({text_parameters}) RETURNS text
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
  RETURN reembed.raw_text_{suffix}({text_arguments});
EXCEPTION WHEN OTHERS THEN
  -- Quoted parts of a message may contain data of the row.
  RETURN pg_catalog.concat(E'\x01', SQLSTATE, pg_catalog.regexp_replace(SQLERRM, '"[^"]*"', '"…"', 'g'));
END
$body$;
COMMENT ON FUNCTION reembed.text_{suffix} IS 'pg-reembed: the text to embed, or the reason why it cannot be computed.';
