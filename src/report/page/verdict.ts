import { html } from 'hono/html';
import { bothMilliseconds, count, dollars, interval, percent, score, signed } from '../format.ts';
import type { Report } from '../read-report.ts';
import type { Html } from './table.ts';

/** Section with the verdict and its reasons, the gaps in the report, and the most important figures. */
export function verdictSection(report: Report): Html {
  const { kind, word, lead } = wording(report);
  const { reasons = [], doubts = [], warnings = [] } = report.validation?.verdict ?? {};
  const gaps = whatIsMissing(report);
  return html`<section class="verdict ${kind}" id="verdict" aria-labelledby="verdict-head">
<h2 id="verdict-head">Verdict</h2>
<span class="badge">${word}</span>
<p class="lead">${lead}</p>
${list('Reasons', reasons)}${list('Not decided', doubts)}${list('Warnings', warnings)}${list('What this report cannot show', gaps)}
<dl class="tiles">${tiles(report).map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`)}</dl>
</section>`;
}

function wording({ validation, campaign, runs }: Report): { kind: 'pass' | 'fail' | 'wait'; word: string; lead: string } {
  if (!validation) {
    return { kind: 'wait', word: 'NOT VALIDATED', lead: 'The results of the old and the new model have not been compared yet.' };
  }
  const { verdict } = validation;
  const queries = runs[0]?.queries === 1 ? '1 query' : `${count(runs[0]?.queries)} queries`;
  if (verdict.verdict === 'fail') {
    return {
      kind: 'fail',
      word: 'FAIL',
      lead: `Validation ${verdict.validation}, with ${queries}, does not meet the thresholds of ${campaign.target}.`,
    };
  }
  if (verdict.is_older_than_backfill) {
    return {
      kind: 'wait',
      word: 'OUT OF DATE',
      lead: `Rows were embedded after validation ${verdict.validation}, so it has to be repeated.`,
    };
  }
  if (verdict.verdict === 'unsure') {
    return {
      kind: 'wait',
      word: 'UNSURE',
      lead: `Validation ${verdict.validation}, with ${queries}, decides neither for nor against the new model of ${campaign.target}.`,
    };
  }
  return {
    kind: 'pass',
    word: 'PASS',
    lead: `Validation ${verdict.validation}, with ${queries}, meets every threshold of ${campaign.target}.`,
  };
}

/** Lists the gaps: each a sentence that also says how to fill the gap. */
function whatIsMissing({ campaign, progress, validation, runs }: Report): string[] {
  const gaps: string[] = [];
  if (progress.batches === 0) gaps.push('Progress: no batch has been planned. npm run migrate up plans them.');
  else if (progress.batches_done < progress.batches)
    gaps.push(
      `The whole backfill: ${count(campaign.rows_planned - campaign.rows_done)} of ${count(campaign.rows_planned)} rows are still to be embedded.`,
    );
  const isOver = campaign.phase === 'contract';
  if (isOver) {
    gaps.push(
      `New figures of the old model: its vectors are ${campaign.archive === null ? 'gone' : `in the archive reembed.${campaign.archive}`}. The figures of both models date from before contract.`,
    );
  }
  if (!validation) {
    gaps.push(
      `How good the new model is, and what changes for users: ${isOver ? 'no run of the validation is recorded.' : 'npm run validate compares them.'}`,
    );
    return gaps;
  }
  const { evidence, figures } = validation;
  if (isOver) return gaps;
  if (evidence.judged === null)
    gaps.push(
      'Whether results are better or worse: no judged queries. npm run validate -- --queries FILE --judgements FILE, or --queries-from generated.',
    );
  if (runs[0]?.index_recall === null) gaps.push('Recall of the new index: the newest run was made without it.');
  if (figures.filters.length === 0) gaps.push('Results of searches with filters: npm run validate -- --filter "condition".');
  if (figures.cutoffs.length === 0) gaps.push('Equivalent similarity thresholds of the application: npm run validate -- --cutoff 0.8.');
  return gaps;
}

function tiles({ campaign, validation, runs }: Report): [name: string, value: string, more: string][] {
  const k = runs[0]?.k ?? 10;
  const of = (name: string) => validation?.figures.metrics.find(({ metric, slice }) => metric === name && slice === '');
  const [ndcg, overlap, recall, time] = ['ndcg', 'overlap', 'index_recall', 'search_p50_ms'].map(of);
  const shown: [string, string, string][] = [];
  if (ndcg)
    shown.push([
      `nDCG@${k}`,
      `${score(ndcg.before)} → ${score(ndcg.after)}`,
      `${signed(ndcg.value)} ${interval(ndcg, signed)}${ndcg.validation === runs[0]?.id ? '' : `, run ${ndcg.validation}`}`,
    ]);
  if (overlap) shown.push([`Overlap@${k}`, percent(overlap.value), 'of results stay the same']);
  if (recall) shown.push([`Index recall@${k}`, score(recall.value), 'of the exact nearest rows']);
  if (time) shown.push(['Median search', bothMilliseconds(time.before, time.after), 'on the server']);
  const share = campaign.rows_planned === 0 ? null : Math.min(1, campaign.rows_done / campaign.rows_planned);
  shown.push(['Rows embedded', count(campaign.rows_done), share === null ? 'none planned' : `${percent(share)} of those planned`]);
  shown.push([
    'Cost',
    dollars(campaign.cost_usd),
    `${count(campaign.tokens)} tokens${campaign.cost_usd === null ? ', price not known' : ''}`,
  ]);
  return shown;
}

function list(head: string, sentences: string[]): Html | null {
  return sentences.length === 0
    ? null
    : html`<h3>${head}</h3><ul class="plain">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}
