-- The only source of progress, rate, ETA, tokens and cost. Reads the ledger, never the user's table.
CREATE OR REPLACE VIEW reembed.progress AS
WITH ledger AS (
  SELECT b.campaign,
         count(*) AS batches,
         count(*) FILTER (WHERE b.state = 'done') AS batches_done,
         -- A batch may contain rows that were inserted after it was planned.
         sum(greatest(b.rows, b.embedded_rows + b.other_rows)) AS total,
         sum(b.embedded_rows + b.other_rows + CASE b.state WHEN 'pending' THEN least(b.answered_rows, greatest(0, b.rows - b.embedded_rows)) ELSE 0 END) AS done,
         sum(b.embedded_rows) AS embedded,
         sum(b.embedded_rows + b.other_rows) AS stored,
         sum(b.tokens) AS tokens,
         sum(b.batch_api_tokens) AS batch_api_tokens,
         max(b.finished_at) AS finished_at
    FROM reembed.batch AS b
   GROUP BY b.campaign
), recent AS (
  -- The last five minutes in which a batch was finished, so that a pause does not lower the rate.
  SELECT b.campaign, sum(b.embedded_rows) / nullif(extract(epoch FROM max(b.finished_at) - min(b.started_at)), 0) AS rows_per_second
    FROM reembed.batch AS b JOIN ledger AS l ON l.campaign = b.campaign
   WHERE b.state = 'done' AND b.finished_at > l.finished_at - interval '5 minutes'
   GROUP BY b.campaign
)
SELECT m.target,
       m.name AS campaign,
       m.phase,
       m.from_model,
       m.to_model,
       s.read_model,
       coalesce(l.total, 0) AS total,
       coalesce(l.done, 0) AS done,
       CASE WHEN l.total > 0 THEN round(100 * least(l.done, l.total)::numeric / l.total, 1) END AS percent,
       (SELECT count(*) FROM reembed.change AS c WHERE c.target = m.target) AS outdated,
       (SELECT count(*) FROM reembed.failed_row AS f WHERE f.target = m.target AND f.model = m.to_model) AS failed,
       CASE WHEN l.batches_done < l.batches THEN round(r.rows_per_second::numeric, 1) END AS rows_per_second,
       CASE WHEN l.batches_done < l.batches AND l.done >= 0.01 * l.total AND r.rows_per_second > 0
            THEN make_interval(secs => round(((l.total - l.done) / r.rows_per_second)::numeric, 0)::double precision) END AS eta,
       coalesce(l.tokens, 0) + m.live_tokens AS tokens,
       CASE WHEN l.embedded > 0 THEN round(l.tokens::numeric * l.total / l.embedded) END AS tokens_expected,
       round((coalesce(p.full_price_tokens, 0) + m.live_tokens) * o.usd_per_million_tokens / 1000000, 4) AS cost_usd,
       CASE WHEN l.embedded > 0 THEN round(p.full_price_tokens * l.total / l.embedded * o.usd_per_million_tokens / 1000000, 4) END AS cost_usd_expected,
       m.live_rows,
       (SELECT string_agg(h.reason, '; ' ORDER BY h.reason) FROM reembed.health AS h WHERE h.target = m.target AND h.throttles) AS throttled_by,
       (SELECT count(*) FROM reembed.worker AS w WHERE reembed.works_for(w, m.target)) AS workers,
       m.phase_entered_at,
       m.switched_at,
       (SELECT coalesce(sum(b.rows - b.stored_rows), 0) FROM reembed.provider_batch AS b
         WHERE b.campaign = m.name AND b.state IN ('submitting', 'submitted'))::bigint AS rows_at_batch_api,
       m.table_rows,
       m.rows_with_text,
       CASE WHEN m.phase <> 'contract' THEN s.max_tokens END AS max_tokens,
       CASE WHEN m.phase <> 'contract' THEN s.max_usd END AS max_usd,
       x.tokens AS spent_tokens,
       round(x.usd, 4) AS spent_usd,
       coalesce(l.stored, 0) AS stored
  FROM reembed.campaign AS m
  JOIN reembed.setting AS s ON s.target = m.target
  JOIN reembed.model AS o ON o.name = m.to_model
  LEFT JOIN ledger AS l ON l.campaign = m.name
  LEFT JOIN recent AS r ON r.campaign = m.name
  LEFT JOIN reembed.spending AS x ON x.campaign = m.name
  -- Tokens of the batch API count at their share of the full price.
  CROSS JOIN LATERAL (SELECT l.tokens - l.batch_api_tokens * (1 - o.batch_api_price_factor) AS full_price_tokens) AS p
 ORDER BY m.created_at;
COMMENT ON VIEW reembed.progress IS 'Progress of every campaign.';
COMMENT ON COLUMN reembed.progress.target IS 'Table and column.';
COMMENT ON COLUMN reembed.progress.campaign IS 'Name of the campaign.';
COMMENT ON COLUMN reembed.progress.phase IS 'Phase last entered.';
COMMENT ON COLUMN reembed.progress.from_model IS 'The old model.';
COMMENT ON COLUMN reembed.progress.to_model IS 'The new model.';
COMMENT ON COLUMN reembed.progress.read_model IS 'The model the live view reads.';
COMMENT ON COLUMN reembed.progress.total IS 'Rows planned.';
COMMENT ON COLUMN reembed.progress.done IS 'Rows done, with those whose vector a worker has and is about to store.';
COMMENT ON COLUMN reembed.progress.percent IS 'Share of the planned rows that is done.';
COMMENT ON COLUMN reembed.progress.outdated IS 'Changes of rows by the application that wait for a vector.';
COMMENT ON COLUMN reembed.progress.failed IS 'Rows that cannot be embedded.';
COMMENT ON COLUMN reembed.progress.rows_per_second IS 'Rate of the last five minutes of work.';
COMMENT ON COLUMN reembed.progress.eta IS 'Expected time left; null before one percent is done.';
COMMENT ON COLUMN reembed.progress.tokens IS 'Tokens the provider counted.';
COMMENT ON COLUMN reembed.progress.tokens_expected IS 'Tokens expected for the whole backfill.';
COMMENT ON COLUMN reembed.progress.cost_usd IS 'Cost so far in US dollars, where the price is known; tokens of the batch API at their share of it (model.batch_api_price_factor).';
COMMENT ON COLUMN reembed.progress.cost_usd_expected IS 'Cost expected for the whole backfill.';
COMMENT ON COLUMN reembed.progress.live_rows IS 'Vectors stored for rows the application wrote meanwhile.';
COMMENT ON COLUMN reembed.progress.throttled_by IS 'What slows or stops the workers now.';
COMMENT ON COLUMN reembed.progress.workers IS 'Worker processes alive.';
COMMENT ON COLUMN reembed.progress.phase_entered_at IS 'When the phase was entered.';
COMMENT ON COLUMN reembed.progress.switched_at IS 'When the live view moved to the new model.';
COMMENT ON COLUMN reembed.progress.rows_at_batch_api IS 'Rows that are at the provider''s batch API or being submitted; they do not count as done.';
COMMENT ON COLUMN reembed.progress.table_rows IS 'Rows of the table when the ledger was planned.';
COMMENT ON COLUMN reembed.progress.rows_with_text IS 'How many of them had a text; the others get no vector and are not part of total.';
COMMENT ON COLUMN reembed.progress.max_tokens IS 'Spend cap in tokens; null: none.';
COMMENT ON COLUMN reembed.progress.max_usd IS 'Spend cap in US dollars; null: none.';
COMMENT ON COLUMN reembed.progress.spent_tokens IS 'Tokens that count against the cap: also those of requests under way, and of answers that could not be stored. Null before the first request under a cap.';
COMMENT ON COLUMN reembed.progress.spent_usd IS 'Their price in US dollars.';
COMMENT ON COLUMN reembed.progress.stored IS 'Rows done whose vector is stored.';
