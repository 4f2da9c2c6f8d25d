import { toSql } from 'pgvector';
import type { Queryable } from '../../database/connection.ts';
import type { ModelRow } from '../../embedding/models.ts';
import { UsageError } from '../../errors.ts';
import type { Judge } from '../../judge/judge.ts';
import type { Campaign, Role } from '../campaign.ts';
import type { Gains } from '../metrics/ranking-metrics.ts';
import { inParallel } from '../search/in-parallel.ts';
import type { ResultNames } from '../search/search-source.ts';
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
  const { queries: source, sample, judgements, judgementColumn, groupBy, sliceBy, seed } = options;
  if (judgementColumn !== undefined) await requireColumn(db, campaign.table, judgementColumn, '--judgement-column');
  if (groupBy !== undefined) await requireGroupColumn(db, campaign, groupBy);
  const isMade = MADE_OF_ROWS.includes(source.kind);
  if (source.kind === 'rows' || isMade) {
    for (const column of sliceBy) await requireColumn(db, campaign.table, column, '--slice-by');
  }
  const judged = async (queries: readonly { id: string }[]) => {
    if (!judgements) return { judgements, judgedRowsMissing: 0, judgedRowsPending: 0 };
    const ids = queries.map(({ id }) => id);
    const judgedRowsMissing = await checkJudgements(db, campaign, judgements, ids, options);
    if (!campaign.isPartial) return { judgements, judgedRowsMissing, judgedRowsPending: 0 };
    const asked = new Map(ids.flatMap((id) => (judgements.has(id) ? [[id, judgements.get(id) as Gains] as const] : [])));
    const comparable = await leaveOutPendingRows(db, campaign, asked, options);
    return { judgements: comparable.judgements, judgedRowsMissing, judgedRowsPending: comparable.left };
  };
  if (source.kind === 'rows') {
    const queries = await drawRows(db, campaign, { sample, sliceBy, groupBy, seed });
    return { queries, source: describeSource(source), ...(await judged(queries)) };
  }
  if (isMade) {
    if (judgements)
      throw new UsageError(
        '--judgements and queries made of rows exclude each other',
        'leave out --judgements: the relevant row of such a query is the row that it was made of',
      );
    const made = await makeQueries(db, campaign, options);
    const queries = await embedQueries(campaign, made.queries, options.embedder);
    return { queries, source: made.source, judgements: made.judgements, judgedRowsMissing: 0, judgedRowsPending: 0 };
  }
  const texts = await readTexts(db, campaign, options);
  const checked = await judged(texts);
  return { queries: await embedQueries(campaign, texts, options.embedder), source: describeSource(source), ...checked };
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

async function embedQueries(campaign: Campaign, queries: TextQuery[], embedder: Embedder): Promise<VectorQuery[]> {
  const texts = queries.map(({ text }) => text);
  const [old = [], renewed = []] = await inParallel(['old', 'new'] as const, 2, (side) =>
    embedder(campaign[side].model, texts, 'query', side),
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
