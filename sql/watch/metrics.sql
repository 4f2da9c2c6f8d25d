-- Numbers only, beside the names of target and model: what is read here may leave the database. Workers and exporters read it at a scrape, so it
-- reads the ledger and other tables of ours, and no row of the application.
CREATE OR REPLACE VIEW reembed.metrics AS
-- Once and not for each target: it searches the catalog for all of them.
WITH damaged AS MATERIALIZED (SELECT d.target, count(*)::integer AS objects FROM reembed.damage AS d GROUP BY d.target)
SELECT DISTINCT ON (p.target)
       p.target,
       p.to_model AS model,
       array_position(ARRAY['expand', 'backfill', 'index', 'switch', 'contract'], p.phase) AS phase,
       (p.read_model = p.to_model)::integer AS serves_new_model,
       (s.canary_percent / 100)::double precision AS canary_ratio,
       p.total::double precision AS rows_planned,
       greatest(p.total - p.done, 0)::double precision AS rows_left,
       p.failed::double precision AS failed_rows,
       extract(epoch FROM p.eta)::double precision AS eta_seconds,
       p.outdated::double precision AS changes_waiting,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(c.changed_at)) FROM reembed.change AS c WHERE c.target = p.target), 0)::double precision AS change_lag_seconds,
       p.tokens::double precision AS campaign_tokens,
       p.cost_usd::double precision AS campaign_cost_usd,
       greatest(coalesce(p.spent_tokens, 0)::double precision / p.max_tokens, (coalesce(p.spent_usd, 0) / p.max_usd)::double precision) AS spend_cap_used_ratio,
       s.paused::integer AS paused,
       (p.throttled_by IS NOT NULL)::integer AS throttled,
       EXISTS (SELECT FROM reembed.provider_quota AS q JOIN reembed.vector_column AS v ON v.model = q.model AND v.is_maintained
                WHERE v.target = p.target AND q.held_until > now())::integer AS provider_held,
       p.workers::integer AS workers,
       (SELECT count(*) FROM reembed.alert AS a WHERE a.target = p.target AND a.closed_at IS NULL AND a.severity <> 'notice')::integer AS alerts_open,
       (SELECT count(*) FROM reembed.alert AS a WHERE a.target = p.target AND a.closed_at IS NULL AND a.severity = 'critical')::integer AS alerts_critical,
       (SELECT CASE v.verdict WHEN 'pass' THEN 1 WHEN 'unsure' THEN 0 ELSE -1 END
          FROM reembed.validation AS v WHERE v.campaign = p.campaign ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS validation_verdict,
       coalesce(d.objects, 0) AS damages
  FROM reembed.progress AS p
  JOIN reembed.campaign AS m ON m.name = p.campaign
  JOIN reembed.setting AS s ON s.target = p.target
  LEFT JOIN damaged AS d ON d.target = p.target
 ORDER BY p.target, m.created_at DESC;
COMMENT ON VIEW reembed.metrics IS 'State of the newest campaign of each target in numbers, for monitoring: /metrics of a worker, and postgres_exporter.';
COMMENT ON COLUMN reembed.metrics.target IS 'The target.';
COMMENT ON COLUMN reembed.metrics.model IS 'The new model of the campaign.';
COMMENT ON COLUMN reembed.metrics.phase IS 'Phase of the campaign: 1 expand, 2 backfill, 3 index, 4 switch, 5 contract.';
COMMENT ON COLUMN reembed.metrics.serves_new_model IS '1 if the live view reads the new model, else 0.';
COMMENT ON COLUMN reembed.metrics.canary_ratio IS 'Share of readers who read the new model before the switch, 0 to 1.';
COMMENT ON COLUMN reembed.metrics.rows_planned IS 'Rows of the backfill.';
COMMENT ON COLUMN reembed.metrics.rows_left IS 'Rows of the backfill that have no new vector yet.';
COMMENT ON COLUMN reembed.metrics.failed_rows IS 'Rows that could not be embedded or stored and wait for a person.';
COMMENT ON COLUMN reembed.metrics.eta_seconds IS 'Expected time until the backfill is done; absent while there is no estimate.';
COMMENT ON COLUMN reembed.metrics.changes_waiting IS 'Changed rows that wait for a vector.';
COMMENT ON COLUMN reembed.metrics.change_lag_seconds IS 'How long the oldest changed row has waited for a vector.';
COMMENT ON COLUMN reembed.metrics.campaign_tokens IS 'Tokens of the campaign so far, counted by the provider, over all workers.';
COMMENT ON COLUMN reembed.metrics.campaign_cost_usd IS 'Cost of the campaign so far in US dollars, over all workers; absent without a price.';
COMMENT ON COLUMN reembed.metrics.spend_cap_used_ratio IS 'Share of the spend cap that is used, 0 to 1; absent without a cap.';
COMMENT ON COLUMN reembed.metrics.paused IS '1 if the workers are paused, else 0.';
COMMENT ON COLUMN reembed.metrics.throttled IS '1 if anything slows or stops the workers: a pause, a throttle signal, the provider, or that none is running; else 0.';
COMMENT ON COLUMN reembed.metrics.provider_held IS '1 if requests wait because the provider asked to, or does not answer; else 0.';
COMMENT ON COLUMN reembed.metrics.workers IS 'Worker processes alive that serve the target.';
COMMENT ON COLUMN reembed.metrics.alerts_open IS 'Open alerts of the watch, without notices.';
COMMENT ON COLUMN reembed.metrics.alerts_critical IS 'Open critical alerts of the watch.';
COMMENT ON COLUMN reembed.metrics.validation_verdict IS 'Verdict of the last validation when it ended: 1 pass, 0 unsure, -1 fail; absent before the first.';
COMMENT ON COLUMN reembed.metrics.damages IS 'Objects of the target that DDL of the application broke.';
