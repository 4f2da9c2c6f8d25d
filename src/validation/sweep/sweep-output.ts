import { counted } from '../../wording.ts';
import { describeSource, type QuerySource } from '../queries/queries.ts';
import { indented, intervalText, plainTable } from '../report/report-wording.ts';
import type { Sweep, SweptIndex } from './sweep.ts';

/** Formats a sweep for people, at most a hundred columns wide. */
export function sweepText(sweep: Sweep, source: QuerySource): string {
  const { campaign, queries, k, seed, indexes } = sweep;
  const missing = (['old', 'new'] as const).filter((role) => indexes.every((index) => index.role !== role));
  return [
    `${campaign.target}: ${counted(queries, 'query', 'queries')} from ${describeSource(source)}, ${k} nearest rows of each, seed ${seed}`,
    '',
    ...indexes.flatMap((index) => [...indexLines(index, sweep), '']),
    ...missing.map((role) => `No search of the ${role} vectors uses an hnsw or ivfflat index.`),
    'This is a measurement for you: it is not stored, and the switch does not depend on it.',
  ].join('\n');
}

/** Formats a sweep as JSON. */
export function sweepJson({ campaign, queries, k, seed, indexes }: Sweep, source: QuerySource): Record<string, unknown> {
  return {
    target: campaign.target,
    query_source: describeSource(source),
    queries,
    k,
    seed,
    min_index_recall: campaign.thresholds.minIndexRecall,
    indexes: indexes.map(({ role, index, leaves, name, present, smallest, steps }) => ({
      role,
      index,
      leaves,
      setting: name,
      present,
      smallest,
      steps: steps.map(({ p50, p95, ...step }) => ({ ...step, search_p50_ms: p50, search_p95_ms: p95 })),
    })),
  };
}

// The largest that the setting accepts.
const MOST_CANDIDATES = 1000;

function indexLines({ role, index, leaves, name, present, steps, smallest }: SweptIndex, { campaign, k }: Sweep): string[] {
  const table = plainTable();
  table.push([name, '', `recall@${k}`, '', 'p50 ms', 'p95 ms']);
  for (const step of steps) {
    table.push([
      { content: String(step.value), hAlign: 'right' },
      step.value === present ? 'now' : '',
      step.recall.toFixed(3),
      intervalText(step),
      { content: step.p50.toFixed(2), hAlign: 'right' },
      { content: step.p95.toFixed(2), hAlign: 'right' },
    ]);
  }
  const wanted = `a lower bound of at least ${campaign.thresholds.minIndexRecall} (min_index_recall)`;
  const denser = name === 'ivfflat.probes' ? 'fewer lists' : 'a larger m and ef_construction';
  return [
    leaves === 1 ? `${role} index ${index}:` : `${role} index of each of ${leaves} partitions, such as ${index}:`,
    table.toString(),
    ...indented(
      smallest === null
        ? `no ${name} has ${wanted}: add queries, or build the index with ${denser}`
        : `the smallest ${name} with ${wanted}: ${smallest}`,
    ),
    ...(leaves > 1 && smallest !== null && name === 'hnsw.ef_search'
      ? indented(`for the function reembed_live.nearest_…: npm run setting -- candidates=${Math.min(MOST_CANDIDATES, smallest * leaves)}`)
      : []),
  ];
}
