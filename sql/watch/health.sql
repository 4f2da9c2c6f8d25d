CREATE OR REPLACE VIEW reembed.health AS
SELECT s.target, true AS throttles, 'paused' || coalesce(': ' || s.paused_reason, '') AS reason
  FROM reembed.setting AS s WHERE s.paused
UNION ALL
SELECT v.target, true, format('calls to the provider of %s are held until %s: %s', q.model, to_char(q.held_until, 'HH24:MI:SS'), q.hold_reason)
  FROM reembed.provider_quota AS q JOIN reembed.vector_column AS v ON v.model = q.model AND v.is_maintained WHERE q.held_until > now()
UNION ALL
SELECT s.target, true, 'no worker is running' || CASE WHEN s.maintained_by = 'workers' AND NOT EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = s.target AND m.phase <> 'contract')
                                                             AND NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = s.target AND v.storage = 'side_table')
                                                       THEN '; after contract, too, the log of changes grows until one runs; where the application embeds its rows, npm run setting -- maintained_by=application ends the capture'
                                                       ELSE '' END
  FROM reembed.setting AS s
 WHERE NOT EXISTS (SELECT FROM reembed.worker AS w WHERE reembed.works_for(w, s.target))
   AND (EXISTS (SELECT FROM reembed.change AS c WHERE c.target = s.target)
        OR EXISTS (SELECT FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = s.target AND b.state = 'pending'))
UNION ALL
SELECT h.target, h.effect <> 'none', h.reason
  FROM reembed.throttle AS h WHERE h.seen_at > now() - interval '10 seconds'
UNION ALL
SELECT m.target, false, format('no batch is submitted to the batch API before %s, because the last one failed (%s: %s)', to_char(p.holds_until, 'HH24:MI:SS'), p.error_code, p.error)
  FROM reembed.provider_batch AS p JOIN reembed.campaign AS m ON m.name = p.campaign
 WHERE p.holds_until > now() AND EXISTS (SELECT FROM reembed.batch AS b WHERE b.campaign = m.name AND b.state = 'pending' AND NOT b.came_back)
UNION ALL
SELECT m.target, false, format('the batch API has not answered since %s: %s', to_char(min(p.failing_since), 'YYYY-MM-DD HH24:MI:SS'), min(p.error))
  FROM reembed.provider_batch AS p JOIN reembed.campaign AS m ON m.name = p.campaign WHERE p.failing_since IS NOT NULL GROUP BY m.target
UNION ALL
SELECT f.target, false, format('%s failed with %s, the first with key %s; %s', reembed.counted(count(DISTINCT f.key_digest), 'row'), f.class,
                               left((array_agg(f.key ORDER BY f.failed_at, f.key_digest))[1]::text, 200),
                               CASE f.class WHEN 'text_too_large' THEN 'shorten the text, or raise max_text_bytes and run npm run retry'
                                            WHEN 'text_expression_fails' THEN 'correct the columns that the text expression reads'
                                            WHEN 'old_model_unavailable' THEN 'after a rollback they would lack a current vector; set keep_old_current when the old model is available again'
                                            WHEN 'row_refused' THEN 'correct the row, or the constraint or trigger that refuses it (npm run status -- --with-text), and run npm run retry'
                                            WHEN 'write_skipped' THEN 'change the trigger or policy of the table that suppresses its updates, and run npm run retry'
                                            WHEN 'out_of_range' THEN 'its vector does not fit in halfvec: shorten or correct the text, or use a campaign that stores vector'
                                            WHEN 'request_too_large' THEN 'shorten the text'
                                            WHEN 'forbidden' THEN 'a firewall before the provider refuses the text: allow it there and run npm run retry, or correct the text'
                                            ELSE 'correct the text, or fix the cause and run npm run retry' END)
  FROM reembed.failed_row AS f GROUP BY f.target, f.class
UNION ALL
SELECT m.target, false, CASE WHEN s.read_model = m.from_model
                             THEN format('%s cannot be called any more, and the live view still reads it: until the switch, searches that embed their queries with it fail', m.from_model)
                             ELSE format('%s cannot be called any more: after a rollback of the switch, searches that embed their queries with it would fail', m.from_model) END
  FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target WHERE s.old_model_gone AND m.phase <> 'contract'
UNION ALL
SELECT c.target, false, format('%s, the oldest since %s', reembed.counted(count(*), 'change waits', 'changes wait'), to_char(min(c.changed_at), 'YYYY-MM-DD HH24:MI:SS'))
  FROM reembed.change AS c GROUP BY c.target HAVING min(c.changed_at) < now() - interval '1 minute'
UNION ALL
SELECT d.target, false, d.damage || '; repair it with: ' || d.remedy FROM reembed.damage AS d
UNION ALL
SELECT a.target, false, format('alert %s (%s) since %s: %s', a.kind, a.severity, to_char(a.opened_at, 'YYYY-MM-DD HH24:MI:SS'), a.message)
  FROM reembed.alert AS a WHERE a.closed_at IS NULL;
COMMENT ON VIEW reembed.health IS 'What throttles or impairs each target now, and why. No rows when there is no problem.';
COMMENT ON COLUMN reembed.health.target IS 'The target.';
COMMENT ON COLUMN reembed.health.throttles IS 'Whether it slows or stops the workers.';
COMMENT ON COLUMN reembed.health.reason IS 'The reason.';
