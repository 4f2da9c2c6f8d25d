CREATE OR REPLACE FUNCTION reembed.definite_failures() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY['input_refused', 'request_too_large', 'text_too_large', 'text_expression_fails', 'old_model_unavailable'];
COMMENT ON FUNCTION reembed.definite_failures IS 'Classes of failed_row that state their cause, so that many of them do not mean an outage.';
