import { createHash } from 'node:crypto';
import { generateQueries } from '../validation/queries/generated-queries.ts';
import type { Judgements } from '../validation/queries/judgements.ts';
import type { TextQuery } from '../validation/queries/queries.ts';
import { readQueryFile } from '../validation/queries/query-file.ts';
import { JudgementsFitNoQuery, JudgementsFitNoRow, NoQueries } from '../validation/validation-error.ts';
import type { SampledRow } from './sample.ts';

/** Where judgements come from: people, rows that a query was made of, or nowhere. */
export type Evidence = 'people' | 'rows' | 'none';

/** The queries of a comparison. */
export interface Questions {
  queries: TextQuery[];
  judgements: Judgements;
  evidence: Evidence;
  /** rows that are judged relevant but not in the table */
  judgedRowsMissing: number;
}

/**
 * Reads the queries of a file; with judgements only those that have some. Draws `most` of them by the seed.
 *
 * @throws JudgementsFitNoQuery and the errors of readQueryFile()
 */
export function readQuestions(path: string, judgements: Judgements | undefined, sliceBy: readonly string[], most: number, seed: number) {
  const all = readQueryFile(path, { judged: judgements, sliceBy });
  const fitting = judgements ? all.filter(({ id }) => judgements.has(id)) : all;
  if (judgements && fitting.length === 0) throw new JudgementsFitNoQuery([...judgements.keys()][0] ?? '', all[0]?.id ?? '');
  return drawBySeed(fitting, most, seed);
}

/** The same items for the same seed, in random order. */
function drawBySeed(queries: readonly TextQuery[], most: number, seed: number): TextQuery[] {
  const place = ({ id }: TextQuery) => createHash('sha256').update(`${seed}/${id}`).digest('hex');
  return queries
    .map((query) => ({ query, place: place(query) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .slice(0, most)
    .map(({ query }) => query);
}

/** Ids of the rows that are relevant to the queries. */
export function relevantIds(queries: readonly TextQuery[], judgements: Judgements | undefined): string[] {
  const relevant = queries.flatMap(({ id }) => [...(judgements?.get(id) ?? [])].filter(([, gain]) => gain > 0).map(([row]) => row));
  return [...new Set(relevant)];
}

/**
 * Joins queries of a file with what is known of their answers.
 *
 * @throws JudgementsFitNoRow
 */
export function judgedQuestions(
  queries: TextQuery[],
  judgements: Judgements | undefined,
  rows: readonly SampledRow[],
  judgementColumn: string | undefined,
): Questions {
  if (!judgements) return { queries, judgements: new Map(), evidence: 'none', judgedRowsMissing: 0 };
  const there = new Set(rows.map(({ judgedId }) => judgedId));
  const relevant = relevantIds(queries, judgements);
  const missing = relevant.filter((id) => !there.has(id)).length;
  if (missing === relevant.length)
    throw new JudgementsFitNoRow(relevant[0] ?? '', rows[0]?.judgedId ?? 'nothing', judgementColumn ?? 'its key');
  return { queries, judgements, evidence: 'people', judgedRowsMissing: missing };
}

/**
 * Makes queries of sampled rows, each of which should find its own row.
 *
 * @throws NoQueries
 */
export function madeQuestions(rows: readonly SampledRow[], most: number): Questions {
  const { queries, judgements } = generateQueries(
    rows.map(({ judgedId, text, slices }) => ({ key: judgedId, text, slices })),
    most,
  );
  if (queries.length === 0) throw new NoQueries('no query could be made of the sampled rows', 'name a file of queries with --queries');
  return { queries, judgements, evidence: 'rows', judgedRowsMissing: 0 };
}
