-- Providers limit the tokens enqueued in all batches together. They report it by failing a batch, without naming the limit. The tokens enqueued before the
-- failed batch were accepted, so they are the new limit; when it was the only batch, half of its tokens are tried.
CREATE OR REPLACE FUNCTION reembed.batch_api_token_limit(p_model text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT greatest(10000, min(greatest(p.tokens_enqueued / 2, p.tokens_enqueued - p.tokens_expected)))
    FROM reembed.provider_batch AS p
   WHERE p.model = p_model AND p.error_code = 'token_limit_exceeded' AND p.finished_at > now() - interval '1 day'
  HAVING count(*) > 0
);
COMMENT ON FUNCTION reembed.batch_api_token_limit IS 'Token limit for all batches of a model at the batch API together, derived from its refusals of the last day; null while none is known.';
