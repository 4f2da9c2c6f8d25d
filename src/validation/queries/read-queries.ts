import { toSql } from 'pgvector';
import type { Queryable } from '../../database/connection.ts';
import type { ModelRow } from '../../embedding/models.ts';
import { UsageError } from '../../errors.ts';
import type { Judge } from '../../judge/judge.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import type { Gains } from '../metrics/ranking-metrics.ts';
import { inParallel } from '../search/in-parallel.ts';
import type { ResultNames } from '../search/search-source.ts';
import { OldModelGone, OldVectorUnfit } from '../validation-error.ts';
import { drawRows } from './draw-rows.ts';
import { requireGroupColumn } from './group-column.ts';
import { checkJudgements, type Judgements } from './judgements.ts';
import { makeQueries } from './made-queries.ts';
import { leaveOutPendingRows } from './pending-judgements.ts';
import { describeSource, hashQuery, MADE_OF_ROWS, type QuerySource, type TextQuery, type VectorQuery } from './queries.ts';
import { readQueryFile } from './query-file.ts';
import { readQueryLog } from './query-log.ts';
import { readQueryTable, requireColumn } from './query-table.ts';

/**
 * Embeds texts with one of the two models: one vector per text, in the order of the texts.
 *
 * @param role `query` for search texts, `document` for stored texts
 * @param side old or new model, because each may have its own provider
 */
export type Embedder = (model: ModelRow, texts: string[], role: 'query' | 'document', side: Role) => Promise<Float32Array[]>;

/** Options of prepareQueries(). */
export interface QueryOptions extends ResultNames {
  queries: QuerySource;
  embedder: Embedder;
  sample?: number | undefined;
  judgements?: Judgements | undefined;
  sliceBy: readonly string[];
  seed: number;
  /** chat model that writes questions */
  judge?: Judge | undefined;
}

/** Queries with their vectors and judgements. */
export interface PreparedQueries {
  queries: VectorQuery[];
  /** where the queries come from, as shown and stored */
  source: string;
  judgements: Judgements | undefined;
  /** rows that are judged relevant but missing from the table */
  judgedRowsMissing: number;
  /** rows that are judged relevant but left out, because they lack a vector of one model until the backfill ends */
  judgedRowsPending: number;
}

/**
 * Reads, draws or generates the queries, checks that the judgements match, and embeds the queries.
 *
 * @throws NoQueries, BadLine, ColumnMissing, JudgementsFitNoQuery and the like; UsageError; errors of the embedder
 */
export async function prepareQueries(db: Queryable, campaign: Campaign, options: QueryOptions): Promise<PreparedQueries> {
  const { queries: source, sample, groupBy, sliceBy, seed } = options;
  if (source.kind === 'rows') {
    await requireColumns(db, campaign, options);
    const queries = await drawRows(db, campaign, { sample, sliceBy, groupBy, seed });
    return { queries, source: describeSource(source), ...(await judged(db, campaign, queries, options)) };
  }
  if (campaign.oldModelGone && MADE_OF_ROWS.includes(source.kind)) throw new OldModelGone(campaign.old.model.name);
  const { queries, ...rest } = await readTextQueries(db, campaign, options, (texts) => withOldVectors(campaign, texts));
  return { queries: await embedQueries(campaign, queries, options.embedder), ...rest };
}

/** Queries before they are embedded. */
export type TextQueries = Omit<PreparedQueries, 'queries'> & { queries: TextQuery[] };

/**
 * Reads or generates queries with a text, and checks that the judgements match.
 *
 * @param choose leaves out queries that cannot be searched for
 * @throws as prepareQueries() does
 */
export async function readTextQueries(
  db: Queryable,
  campaign: Campaign,
  options: QueryOptions,
  choose: (queries: TextQuery[]) => TextQuery[] = (queries) => queries,
): Promise<TextQueries> {
  const { queries: source, judgements } = options;
  await requireColumns(db, campaign, options);
  if (MADE_OF_ROWS.includes(source.kind)) {
    if (judgements)
      throw new UsageError(
        '--judgements and queries made of rows exclude each other',
        'leave out --judgements: the relevant row of such a query is the row that it was made of',
      );
    const made = await makeQueries(db, campaign, options);
    return { queries: made.queries, source: made.source, judgements: made.judgements, judgedRowsMissing: 0, judgedRowsPending: 0 };
  }
  const queries = choose(await readTexts(db, campaign, options));
  return { queries, source: describeSource(source), ...(await judged(db, campaign, queries, options)) };
}

async function requireColumns(db: Queryable, campaign: Campaign, options: QueryOptions): Promise<void> {
  const { queries: source, judgementColumn, groupBy, sliceBy } = options;
  if (judgementColumn !== undefined) await requireColumn(db, campaign.table, judgementColumn, '--judgement-column');
  if (groupBy !== undefined) await requireGroupColumn(db, campaign, groupBy);
  if (source.kind === 'rows' || MADE_OF_ROWS.includes(source.kind)) {
    for (const column of sliceBy) await requireColumn(db, campaign.table, column, '--slice-by');
  }
}

/** The judgements on the queries, as far as their rows can be compared yet. */
async function judged(
  db: Queryable,
  campaign: Campaign,
  queries: readonly { id: string }[],
  options: QueryOptions,
): Promise<Omit<PreparedQueries, 'queries' | 'source'>> {
  const { judgements } = options;
  if (!judgements) return { judgements, judgedRowsMissing: 0, judgedRowsPending: 0 };
  const ids = queries.map(({ id }) => id);
  const judgedRowsMissing = await checkJudgements(db, campaign, judgements, ids, options);
  if (!campaign.isPartial) return { judgements, judgedRowsMissing, judgedRowsPending: 0 };
  const asked = new Map(ids.flatMap((id) => (judgements.has(id) ? [[id, judgements.get(id) as Gains] as const] : [])));
  const comparable = await leaveOutPendingRows(db, campaign, asked, options);
  return { judgements: comparable.judgements, judgedRowsMissing, judgedRowsPending: comparable.left };
}

/** Reads queries that have a text of their own. */
export async function readTexts(
  db: Queryable,
  campaign: Pick<Campaign, 'target'>,
  options: Pick<QueryOptions, 'queries' | 'sample' | 'judgements' | 'sliceBy' | 'seed'>,
): Promise<TextQuery[]> {
  const { queries: source, sample, judgements: judged, sliceBy, seed } = options;
  if (source.kind === 'file') return readQueryFile(source.path, { sample, judged, sliceBy, seed });
  if (source.kind === 'table') return readQueryTable(db, source, { sample, judged, sliceBy, seed });
  if (sliceBy.length > 0) throw new UsageError('logged queries have no columns to slice by', 'leave --slice-by out');
  return readQueryLog(db, campaign.target, { sample, judged, seed });
}

/**
 * Of a model that is gone, only the queries whose vectors were kept can be compared.
 *
 * @throws OldModelGone when there is none, OldVectorUnfit
 */
function withOldVectors(campaign: Campaign, queries: TextQuery[]): TextQuery[] {
  if (!campaign.oldModelGone) return queries;
  const { name, dimensions } = campaign.old.model;
  const kept = queries.filter(({ oldVector }) => oldVector !== undefined);
  if (kept.length === 0) throw new OldModelGone(name);
  for (const { id, oldVector = [] } of kept)
    if (oldVector.length !== dimensions) throw new OldVectorUnfit(id, oldVector.length, name, dimensions);
  return kept;
}

async function embedQueries(campaign: Campaign, queries: TextQuery[], embedder: Embedder): Promise<VectorQuery[]> {
  const texts = queries.map(({ text }) => text);
  const [old = [], renewed = []] = await inParallel(['old', 'new'] as const, 2, async (side) =>
    side === 'old' && campaign.oldModelGone
      ? queries.map(({ oldVector = [] }) => Float32Array.from(oldVector))
      : embedder(campaign[side].model, texts, 'query', side),
  );
  return queries.map(({ id, text, slices = {}, rowKey, lexicalShare }, position) => ({
    id,
    text,
    rowKey,
    lexicalShare,
    hash: hashQuery(text),
    label: id === text ? text : `${id}: ${text}`,
    length: text.length,
    slices,
    oldVector: vectorText(old[position]),
    newVector: vectorText(renewed[position]),
  }));
}

function vectorText(vector: Float32Array | undefined): string {
  if (!vector) throw new Error('the embedder returned fewer vectors than texts');
  return toSql(Array.from(vector)) as string;
}
