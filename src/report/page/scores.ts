import { html } from 'hono/html';
import type { ReportedCutoff } from '../data/figures.ts';
import { interval, percent, score } from '../format.ts';
import type { ModelLabels } from '../plots/plot.ts';
import { scorePlots } from '../plots/scores.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import { type Cell, type Html, table } from './table.ts';

const KINDS = { cosine: 'cosine similarities', l2: 'distances with a minus sign', inner_product: 'inner products' } as const;

const READING =
  'A line that lies further to the right has higher scores. Where the line of the nearest rows and that of random rows are far apart, a cut-off can separate them.';

/** Section on the scores of rows in each model and the mapped cut-offs. */
export async function scoresSection({ validation, campaign, runs }: Report, labels: ModelLabels, draw: Draw): Promise<Html | null> {
  if (!validation || validation.figures.scores.length === 0) return null;
  const { scores, cutoffs } = validation.figures;
  const distances = [...new Set(campaign.models.map(({ distance }) => KINDS[distance]))];
  return html`<section id="scores" aria-labelledby="scores-head">
<h2 id="scores-head">Scores and cut-offs</h2>
<p>An application that shows only rows above a score needs a new cut-off, because each model has its own range of scores. Scores are ${distances.join(' and ')}.</p>
${await figures(draw, scorePlots(scores, labels, runs[0]?.k ?? 10), READING)}
${
  cutoffs.length === 0
    ? null
    : table({
        caption: 'Equivalent cut-offs',
        columns: [
          { name: 'by', kind: 'tight' },
          ...['old', 'new', '95 % interval', 'rows kept, old', 'rows kept, new', 'F1, old', 'F1, new'].map((name) => ({
            name,
            kind: 'number' as const,
          })),
        ],
        rows: cutoffs.map(cutoffRow),
      })
}
</section>`;
}

function cutoffRow(one: ReportedCutoff): Cell[] {
  return [
    one.basis === 'same_share' ? 'same share of rows' : 'best F1 of each model',
    score(one.old_cutoff),
    score(one.new_cutoff),
    interval({ low: one.new_cutoff_low, high: one.new_cutoff_high }),
    percent(one.share_before),
    percent(one.share_after),
    score(one.f1_before),
    score(one.f1_after),
  ];
}
