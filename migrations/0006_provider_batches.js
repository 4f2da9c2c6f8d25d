// The backfill may go through a provider's batch API: what was sent, and for which rows, outlives every worker.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- No reference to the campaign: what is at the provider has to be cancelled also when the campaign is gone.
CREATE TABLE reembed.provider_batch (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  migration text NOT NULL,
  model text NOT NULL,
  state text NOT NULL DEFAULT 'submitting',
  tries integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  encoding text,
  input_file_id text,
  provider_batch_id text,
  provider_state text,
  requests integer NOT NULL DEFAULT 0,
  requests_done integer NOT NULL DEFAULT 0,
  rows integer NOT NULL DEFAULT 0,
  stored_rows integer NOT NULL DEFAULT 0,
  is_partial boolean NOT NULL DEFAULT false,
  tokens_allowed bigint,
  tokens_expected bigint,
  tokens_enqueued bigint,
  tokens bigint NOT NULL DEFAULT 0,
  error_code text,
  error text,
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  submitted_at timestamptz,
  next_look_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  holds_until timestamptz,
  finished_at timestamptz,
  CONSTRAINT provider_batch_state_is_known CHECK (state IN ('submitting', 'submitted', 'abandoned', 'settled')),
  CONSTRAINT provider_batch_encoding_is_known CHECK (encoding IN ('float', 'base64')),
  CONSTRAINT submitted_provider_batches_have_an_id CHECK (state <> 'submitted' OR provider_batch_id IS NOT NULL),
  CONSTRAINT settled_provider_batches_are_finished CHECK (state <> 'settled' OR finished_at IS NOT NULL)
);
CREATE INDEX provider_batch_open ON reembed.provider_batch (next_look_at) WHERE state <> 'settled';
CREATE INDEX provider_batch_newest ON reembed.provider_batch (migration, created_at DESC);
COMMENT ON TABLE reembed.provider_batch IS 'Batches of requests given to the batch API of a provider, from the intent on. Those that are settled stay until their campaign forgets its ledger.';
COMMENT ON COLUMN reembed.provider_batch.id IS 'Drawn before anything is sent; the provider keeps it in the metadata of the batch, as reembed.';
COMMENT ON COLUMN reembed.provider_batch.migration IS 'Campaign whose rows it has.';
COMMENT ON COLUMN reembed.provider_batch.model IS 'Model that embeds them.';
COMMENT ON COLUMN reembed.provider_batch.state IS 'submitting: on record, not known to be at the provider; submitted: at the provider; settled: what it brought is stored and the rest was handed back; abandoned: to be cancelled at the provider, nothing of it is stored.';
COMMENT ON COLUMN reembed.provider_batch.tries IS 'How often a worker set about giving it to the provider. After the first time another may be there that was made of the same requests; it is looked for and cancelled.';
COMMENT ON COLUMN reembed.provider_batch.attempt IS 'How often its requests were put together.';
COMMENT ON COLUMN reembed.provider_batch.encoding IS 'What the vectors were asked for in: float or base64.';
COMMENT ON COLUMN reembed.provider_batch.input_file_id IS 'Its requests at the provider; null until they are there.';
COMMENT ON COLUMN reembed.provider_batch.provider_batch_id IS 'What the provider calls it.';
COMMENT ON COLUMN reembed.provider_batch.provider_state IS 'What the provider last said of it: validating, in_progress, finalizing, completed, failed, expired, cancelling or cancelled.';
COMMENT ON COLUMN reembed.provider_batch.requests IS 'Requests in it.';
COMMENT ON COLUMN reembed.provider_batch.requests_done IS 'Requests the provider was through with when it was last asked.';
COMMENT ON COLUMN reembed.provider_batch.rows IS 'Rows in it.';
COMMENT ON COLUMN reembed.provider_batch.stored_rows IS 'Rows that got their vector from it.';
COMMENT ON COLUMN reembed.provider_batch.is_partial IS 'Whether its only batch of the ledger was too large for it, so that the rest of the rows is still to be sent.';
COMMENT ON COLUMN reembed.provider_batch.tokens_allowed IS 'Most tokens to put into it, because the provider would not take more; null: no such limit is known.';
COMMENT ON COLUMN reembed.provider_batch.tokens_expected IS 'Tokens in it, as estimated.';
COMMENT ON COLUMN reembed.provider_batch.tokens_enqueued IS 'Tokens that were at the provider together with it, as estimated, when it was refused for their number.';
COMMENT ON COLUMN reembed.provider_batch.tokens IS 'Tokens the provider counted.';
COMMENT ON COLUMN reembed.provider_batch.error_code IS 'Code of what went wrong with it as a whole.';
COMMENT ON COLUMN reembed.provider_batch.error IS 'What last went wrong; never a text of a row.';
COMMENT ON COLUMN reembed.provider_batch.failing_since IS 'Since when the provider does not answer to it; null while it does.';
COMMENT ON COLUMN reembed.provider_batch.created_at IS 'When its rows were set aside for it.';
COMMENT ON COLUMN reembed.provider_batch.submitted_at IS 'When the provider had it.';
COMMENT ON COLUMN reembed.provider_batch.next_look_at IS 'When a worker sees to it next. Set it to now() to have it looked at at once.';
COMMENT ON COLUMN reembed.provider_batch.holds_until IS 'No other batch of its campaign is sent before, because it failed as a whole. Set it to null to try again at once.';
COMMENT ON COLUMN reembed.provider_batch.finished_at IS 'When it was settled.';

CREATE TABLE reembed.provider_batch_row (
  provider_batch uuid NOT NULL REFERENCES reembed.provider_batch ON DELETE CASCADE,
  request integer NOT NULL,
  position integer NOT NULL,
  input integer NOT NULL,
  inputs integer NOT NULL,
  batch bigint NOT NULL,
  key jsonb NOT NULL,
  text_hash bigint NOT NULL,
  wave integer NOT NULL,
  PRIMARY KEY (provider_batch, request, position)
);
-- Each row comes and goes once.
ALTER TABLE reembed.provider_batch_row SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
COMMENT ON TABLE reembed.provider_batch_row IS 'What was sent in the batches that are at a provider. A row goes in the commit that stores its vector, or when its batch is settled.';
COMMENT ON COLUMN reembed.provider_batch_row.provider_batch IS 'Batch it was sent in.';
COMMENT ON COLUMN reembed.provider_batch_row.request IS 'Request of the batch, from 1.';
COMMENT ON COLUMN reembed.provider_batch_row.position IS 'Position among the rows of the request, in the order to write them, from 0.';
COMMENT ON COLUMN reembed.provider_batch_row.input IS 'Which of the texts of the request is its own, from 0; rows with the same text share one.';
COMMENT ON COLUMN reembed.provider_batch_row.inputs IS 'Texts in the request.';
COMMENT ON COLUMN reembed.provider_batch_row.batch IS 'Its batch in the ledger.';
COMMENT ON COLUMN reembed.provider_batch_row.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.provider_batch_row.text_hash IS 'reembed.text_hash() of the text that was sent: the vector is stored only while the row still has it.';
COMMENT ON COLUMN reembed.provider_batch_row.wave IS 'Rows of one wave are in different pages of the table.';

ALTER TABLE reembed.batch
  ADD COLUMN provider_batch uuid REFERENCES reembed.provider_batch ON DELETE SET NULL,
  ADD COLUMN came_back boolean NOT NULL DEFAULT false,
  ADD COLUMN batch_api_tokens bigint NOT NULL DEFAULT 0;
CREATE INDEX batch_at_provider ON reembed.batch (provider_batch) WHERE provider_batch IS NOT NULL;
CREATE INDEX batch_came_back ON reembed.batch (migration, id) WHERE state = 'pending' AND came_back;
COMMENT ON COLUMN reembed.batch.provider_batch IS 'The batch of the provider''s batch API that has its rows, or the one whose texts they wait for; others leave it alone meanwhile.';
COMMENT ON COLUMN reembed.batch.came_back IS 'The batch API did not bring all of its vectors, or was given up: the others are embedded by ordinary requests.';
COMMENT ON COLUMN reembed.batch.batch_api_tokens IS 'Those of its tokens that the batch API counted.';

ALTER TABLE reembed.model
  ADD COLUMN batch_api_price_factor numeric NOT NULL DEFAULT 0.5,
  ADD CONSTRAINT batch_api_price_factor_is_a_share CHECK (batch_api_price_factor BETWEEN 0 AND 1);
COMMENT ON COLUMN reembed.model.batch_api_price_factor IS 'Price of a token by the batch API, as a share of usd_per_million_tokens.';

ALTER TABLE reembed.worker ADD COLUMN batch_api boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN reembed.worker.batch_api IS 'Whether it gives the backfill to the batch API. While it is alive, other workers leave new batches to it.';

SELECT reembed_queue.create_queue('reembed-provider-batch', '{"policy": "exclusive", "retryLimit": 1000, "retryDelay": 2, "retryBackoff": true, "retryDelayMax": 60, "expireInSeconds": 14400, "retentionSeconds": 31536000, "deleteAfterSeconds": 3600, "heartbeatSeconds": 10, "deadLetter": "reembed-dead"}');
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- Taken down with everything else, or not at all: the ledger may say of a batch that it is at the provider.
DO $$
BEGIN
  IF EXISTS (SELECT FROM reembed.migration) THEN
    RAISE EXCEPTION 'campaigns are still recorded in reembed.migration'
      USING ERRCODE = 'RE001', HINT = 'Take each campaign down first: npm run migrate down';
  END IF;
END $$;

ALTER TABLE reembed.worker DROP COLUMN batch_api;
ALTER TABLE reembed.model DROP COLUMN batch_api_price_factor;
ALTER TABLE reembed.batch DROP COLUMN provider_batch, DROP COLUMN came_back, DROP COLUMN batch_api_tokens;
DROP TABLE reembed.provider_batch_row, reembed.provider_batch;
SELECT reembed_queue.delete_queue('reembed-provider-batch');
`);
};
