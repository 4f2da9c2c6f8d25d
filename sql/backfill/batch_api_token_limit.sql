-- Providers limit the tokens that wait in all batches together, and say so by failing a batch, without the number. What was
-- there before that batch did pass; half of the whole is tried where it was alone.
CREATE OR REPLACE FUNCTION reembed.batch_api_token_limit(p_model text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT greatest(10000, min(greatest(p.tokens_enqueued / 2, p.tokens_enqueued - p.tokens_expected)))
    FROM reembed.provider_batch AS p
   WHERE p.model = p_model AND p.error_code = 'token_limit_exceeded' AND p.finished_at > now() - interval '1 day'
  HAVING count(*) > 0
);
COMMENT ON FUNCTION reembed.batch_api_token_limit IS 'Tokens that all batches of a model at the batch API may have together, as its refusals of the last day tell; null while none is known.';
