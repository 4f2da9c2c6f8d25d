import { html } from 'hono/html';
import { formatSeconds, plural } from '../../wording.ts';
import { count, dollars, minute, percent, score, second } from '../format.ts';
import { backfillPlots } from '../plots/backfill.ts';
import { shadowPlot } from '../plots/latency.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import { type Html, table } from './table.ts';

/** Section on the course of the backfill. */
export async function backfillSection({ campaign, progress }: Report, draw: Draw): Promise<Html> {
  const seconds = progress.first_at && progress.last_at ? (progress.last_at.getTime() - progress.first_at.getTime()) / 1000 : null;
  return html`<section id="backfill" aria-labelledby="backfill-head">
<h2 id="backfill-head">The backfill</h2>
${
  seconds === null
    ? html`<p>No batch is done yet.</p>`
    : html`<p>${count(progress.batches_done)} of ${count(progress.batches)} ${plural(progress.batches, 'batch', 'batches')}, ${count(progress.requests)} ${plural(progress.requests, 'request')} to the provider and ${count(campaign.tokens)} ${plural(campaign.tokens, 'token')} (${campaign.cost_usd === null ? 'price not known' : dollars(campaign.cost_usd)}) in ${formatSeconds(seconds)}.${progress.batches_retried > 0 ? ` ${count(progress.batches_retried)} ${plural(progress.batches_retried, 'batch was', 'batches were')} started more than once.` : ''}${campaign.live_rows > 0 ? ` ${count(campaign.live_rows)} ${plural(campaign.live_rows, 'vector was', 'vectors were')} stored for rows that the application wrote meanwhile.` : ''}</p>`
}
${campaign.max_tokens === null && campaign.max_usd === null ? null : html`<p>Spend cap: ${[campaign.max_tokens === null ? '' : `${count(campaign.spent_tokens ?? 0)} of ${count(campaign.max_tokens)} tokens`, campaign.max_usd === null ? '' : `${dollars(campaign.spent_usd ?? 0)} of ${dollars(campaign.max_usd)}`].filter(Boolean).join(', ')}, with the requests under way.</p>`}
${campaign.failed_rows > 0 || campaign.outdated_rows > 0 ? html`<p>Now ${count(campaign.failed_rows)} ${plural(campaign.failed_rows, 'row')} cannot be embedded and ${count(campaign.outdated_rows)} changed ${plural(campaign.outdated_rows, 'row waits', 'rows wait')} for a vector.</p>` : null}
${await figures(draw, backfillPlots(progress, campaign.rows_planned))}
</section>`;
}

/** Section on shadow reads, known items and alerts; null if there are none of them. */
export async function liveSection({ shadow_reads: shadow, known_items, alerts, campaign }: Report, draw: Draw): Promise<Html | null> {
  if (!shadow && known_items.length === 0 && alerts.length === 0) return null;
  return html`<section id="live" aria-labelledby="live-head">
<h2 id="live-head">Live reads and alerts</h2>
${
  shadow
    ? html`<p>${count(shadow.reads)} shadow reads between ${minute(shadow.first_at)} and ${minute(shadow.last_at)}: mean overlap ${percent(shadow.overlap)}, ${count(shadow.errors)} failed.</p>${await figures(draw, shadowPlot(shadow), 'Each point is the mean of equally many searches of the application, run with both models.')}`
    : null
}
${
  known_items.length > 0
    ? table({
        caption: 'Known items: rows searched for by their own text',
        columns: [{ name: 'model', kind: 'tight' }, ...['searches', 'found', 'share'].map((name) => ({ name, kind: 'number' as const }))],
        rows: known_items.map((one) => [one.model, count(one.searches), count(one.found), score(one.found / one.searches)]),
      })
    : null
}
${
  alerts.length > 0
    ? table({
        caption: `Alerts: ${alerts.filter(({ closed_at }) => closed_at === null).length} open of ${alerts.length}`,
        columns: [
          { name: 'opened (UTC)', kind: 'tight' },
          { name: 'alert', kind: 'tight' },
          { name: 'severity', kind: 'tight' },
          { name: 'what', kind: 'wide' },
          { name: 'closed', kind: 'wide' },
        ],
        rows: alerts.map((one) => [
          second(one.opened_at),
          one.kind,
          html`<span class="badge ${one.severity === 'critical' ? 'fail' : 'wait'}">${one.severity}</span>`,
          one.message,
          one.closed_at === null ? 'open' : `${second(one.closed_at)}: ${one.closed_because}`,
        ]),
        long: true,
      })
    : html`<p>No alert was opened in ${campaign.name}.</p>`
}
</section>`;
}

/** Section on the runs of the validation, newest first; null if there are fewer than two. */
export function runsSection({ runs }: Report): Html | null {
  if (runs.length < 2) return null;
  return html`<section id="runs" aria-labelledby="runs-head">
<h2 id="runs-head">Runs of the validation</h2>
${table({
  caption: 'Newest first, each with the verdict of its time',
  columns: [
    { name: 'run', kind: 'number' },
    { name: 'ended (UTC)', kind: 'tight' },
    { name: 'by', kind: 'tight' },
    { name: 'queries from', kind: 'tight' },
    ...['queries', 'judged', 'overlap', 'nDCG, old', 'nDCG, new', 'index recall'].map((name) => ({ name, kind: 'number' as const })),
    { name: 'verdict', kind: 'tight' },
  ],
  rows: runs.map((run) => [
    run.id,
    second(run.finished_at),
    run.run_by,
    run.query_source,
    count(run.queries),
    count(run.judged_queries),
    score(run.overlap),
    score(run.ndcg_before),
    score(run.ndcg_after),
    score(run.index_recall),
    html`<span class="badge ${run.verdict === 'unsure' ? 'wait' : run.verdict}">${run.verdict.toUpperCase()}</span>`,
  ]),
  long: true,
})}
</section>`;
}

/** Section with the audit trail. */
export function trailSection({ trail: { total, events } }: Report): Html {
  return html`<section id="trail" aria-labelledby="trail-head">
<h2 id="trail-head">Audit trail</h2>
${
  events.length < total
    ? html`<p>${count(events.length)} of ${count(total)} events: every change of the phase and of the live model, and the newest others. All are in <code>reembed.event</code>.</p>`
    : null
}
${table({
  caption: 'Who did what, when',
  columns: [
    { name: 'at (UTC)', kind: 'tight' },
    { name: 'by', kind: 'tight' },
    { name: 'what', kind: 'tight' },
    { name: 'from' },
    { name: 'to' },
    { name: 'reason', kind: 'wide' },
  ],
  rows: events.map((event) => [second(event.at), event.actor, event.kind, event.from_value, event.to_value, event.reason]),
  long: true,
})}
</section>`;
}
