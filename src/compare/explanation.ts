import { counted } from '../wording.ts';
import { marginOf } from './outcome.ts';
import type { Comparison } from './result.ts';

/** What the figures rest on, in sentences. */
export function evidenceText({ evidence, judgedQueries, queries, judgedRowsMissing }: Comparison): string[] {
  const missing =
    judgedRowsMissing > 0
      ? [
          `${counted(judgedRowsMissing, 'row is', 'rows are')} judged relevant but not in the table, or without a vector; this counts against every model`,
        ]
      : [];
  if (evidence === 'people') return [`${counted(judgedQueries, 'judged query', 'judged queries')}`, ...missing];
  if (evidence === 'rows')
    return [
      `${counted(queries, 'query', 'queries')} made of rows, each to find its own row: such queries repeat words of the text and decide nothing but a clear loss`,
    ];
  return ['no judgements: only overlap, costs and latency are known'];
}

/** How to read figures of a sample. */
export function sampleNote({ sampledRows, tableRows }: Comparison): string {
  if (sampledRows >= tableRows) return 'every row was searched';
  return 'fewer rows compete than in the whole table, so nDCG, recall and MRR are higher than there, but comparable between models';
}

/** What the order and the outcomes follow from. */
export function rankedBy({ models, k }: Comparison): string {
  const present = models.find(({ isPresent }) => isPresent);
  const before = present?.ndcg?.value.value;
  if (before === undefined) return '';
  return `best nDCG@${k} first; differences to the present vectors with 95 % intervals; margin ${marginOf(before).toFixed(3)}`;
}
