import { html } from 'hono/html';
import { plural } from '../../wording.ts';
import type { Finding } from '../data/validation.ts';
import { bothMilliseconds, count, dollars, metricName, minute, percent, score, signed, withInterval } from '../format.ts';
import { plainSentence } from '../plain-sentence.ts';
import type { Report } from '../read-report.ts';
import type { Html } from './table.ts';

/** Section with one sentence for everybody, the verdict, what it rests on and what was not checked, and the most important figures. */
export function verdictSection(report: Report): Html {
  const { kind, word, lead } = wording(report);
  const { reasons = [], doubts = [], warnings = [] } = report.validation?.verdict ?? {};
  return html`<section class="verdict ${kind}" id="verdict" aria-labelledby="verdict-head">
<h2 id="verdict-head">Verdict</h2>
<p class="plain-words">${plainSentence({
    searches: report.validation?.searches ?? null,
    overlap: report.runs[0]?.overlap ?? null,
    k: report.runs[0]?.k ?? 10,
  })}</p>
${searchNote(report)}
<p class="outcome"><span class="badge">${word}</span> ${lead}</p>
${findings('Why it fails', reasons)}${findings('Why it is unsure', doubts)}${findings('Warnings', warnings)}${findings(
  'Not checked',
  report.not_checked.filter(({ code }) => !doubts.some((doubt) => doubt.code === code)),
)}${loosened(report)}${acceptances(report)}${past(report)}
<dl class="tiles">${tiles(report).map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`)}</dl>
</section>`;
}

/** Says what the first sentence counts. */
function searchNote({ validation, runs }: Report): Html | null {
  if (!validation?.searches) return null;
  const found = validation.searches.grade === 'rows' ? 'its row if that' : 'the right document if a row that is judged relevant';
  return html`<p class="quiet">A search finds ${found} is among its first ${runs[0]?.k ?? 10} results.</p>`;
}

type Wording = { kind: 'pass' | 'fail' | 'wait'; word: string; lead: string };

function wording({ validation, campaign, runs }: Report): Wording {
  if (!validation) {
    return { kind: 'wait', word: 'NOT VALIDATED', lead: 'The results of the old and the new model have not been compared yet.' };
  }
  const { verdict } = validation;
  const queries = runs[0]?.queries === 1 ? '1 query' : `${count(runs[0]?.queries)} queries`;
  const run = `Validation ${verdict.validation}, with ${queries},`;
  if (verdict.verdict === 'fail') {
    return { kind: 'fail', word: 'FAIL', lead: `${run} does not meet the thresholds of ${campaign.target}.` };
  }
  if (verdict.is_older_than_backfill) {
    return {
      kind: 'wait',
      word: 'OUT OF DATE',
      lead: `${run} ${verdict.verdict === 'pass' ? 'met every threshold' : 'was unsure'}, and rows were embedded after it.`,
    };
  }
  if (verdict.verdict === 'unsure') {
    const accepted = verdict.is_accepted ? ' A person accepted that.' : '';
    return { kind: 'wait', word: 'UNSURE', lead: `${run} cannot tell whether the thresholds of ${campaign.target} are met.${accepted}` };
  }
  return { kind: 'pass', word: 'PASS', lead: `${run} meets every threshold of ${campaign.target}.` };
}

function findings(head: string, found: Pick<Finding, 'reason' | 'remedy'>[]): Html | null {
  return list(
    head,
    found.map(({ reason, remedy }) => html`${sentence(reason)}${remedy ? html` <span class="remedy">${remedy}</span>` : null}`),
  );
}

function loosened({ campaign: { thresholds } }: Report): Html | null {
  return list(
    'Loosened thresholds',
    Object.entries(thresholds)
      .filter(([, { is_loosened }]) => is_loosened)
      .map(([name, one]) => html`<code>${name}</code> is ${one.value ?? 'not set'} instead of ${one.default}, so that more passes.`),
  );
}

function acceptances({ campaign, validation }: Report): Html | null {
  const isVoid = (code: string) => code === 'unsure' && validation?.verdict.verdict !== 'pass' && validation?.verdict.is_accepted !== true;
  return list(
    'Accepted by a person',
    campaign.acceptances.map(
      ({ code, reason, by, at }) =>
        html`<code>${code}</code>, by ${by}, ${minute(new Date(at))}: ${reason}${isVoid(code) ? ' (void: the evidence has changed)' : null}`,
    ),
  );
}

/** After contract nothing can be measured again. */
function past({ campaign }: Report): Html | null {
  if (campaign.phase !== 'contract') return null;
  const where = campaign.archive === null ? 'gone' : `in the archive reembed.${campaign.archive}`;
  return html`<p>The old model cannot be measured any more: its vectors are ${where}. The figures of both models date from before contract.</p>`;
}

function tiles({ campaign, validation, runs }: Report): [name: string, value: string, more: string][] {
  const k = runs[0]?.k ?? 10;
  const of = (name: string) => validation?.figures.metrics.find(({ metric, slice }) => metric === name && slice === '');
  const [overlap, recall, time] = ['overlap', 'index_recall', 'search_p50_ms'].map(of);
  const [quality] = validation?.quality ?? [];
  const shown: [string, string, string][] = [];
  if (quality) {
    const { low, high } = quality;
    const bounds = low === null || high === null ? '' : `, by the verdict between ${signed(low)} and ${signed(high)}`;
    shown.push([
      metricName('ndcg', k),
      `${score(quality.before)} → ${score(quality.after)}`,
      `${signed(quality.after - quality.before)}${bounds}; ${queries(quality.queries)} ${WHOSE[quality.grade]}`,
    ]);
  }
  if (overlap) shown.push([`Overlap@${k}`, percent(overlap.value), `of results stay the same, ${queries(overlap.queries)}`]);
  if (recall)
    shown.push([`Index recall@${k}`, withInterval(recall.value, recall), `of the exact nearest rows, ${queries(recall.queries)}`]);
  if (time) shown.push(['Median search', bothMilliseconds(time.before, time.after), `on the server, ${queries(time.queries)}`]);
  const share = campaign.rows_planned === 0 ? null : Math.min(1, campaign.rows_done / campaign.rows_planned);
  shown.push(['Rows embedded', count(campaign.rows_done), share === null ? 'none planned' : `${percent(share)} of those planned`]);
  shown.push([
    'Cost',
    dollars(campaign.cost_usd),
    `${count(campaign.tokens)} tokens${campaign.cost_usd === null ? ', price not known' : ''}`,
  ]);
  return shown;
}

const WHOSE = { people: 'judged by people', model: 'graded by a chat model', rows: 'made of rows' } as const;

function queries(number: number): string {
  return `${count(number)} ${plural(number, 'query', 'queries')}`;
}

/** Reasons are clauses in the database; a page shows sentences. A name such as nDCG keeps its first letter. */
function sentence(text: string): string {
  const begun = text.replace(/^[a-z](?=[a-z ])/, (letter) => letter.toUpperCase());
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function list(head: string, items: Html[]): Html | null {
  return items.length === 0 ? null : html`<h3>${head}</h3><ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}
