import { toSql } from 'pgvector';
import type { Queryable } from '../../database/connection.ts';
import type { ModelRow } from '../../embedding/models.ts';
import { UsageError } from '../../errors.ts';
import type { Campaign, Role } from '../campaign.ts';
import type { Gains } from '../metrics/ranking-metrics.ts';
import { inParallel } from '../search/in-parallel.ts';
import type { ResultNames } from '../search/search-source.ts';
import { NoQueries } from '../validation-error.ts';
import { drawRows, drawTexts } from './draw-rows.ts';
import { generateQueries, SAMPLED_TEXTS, TEXT_CHARACTERS } from './generated-queries.ts';
import { requireGroupColumn } from './group-column.ts';
import { checkJudgements, type Judgements } from './judgements.ts';
import { leaveOutPendingRows } from './pending-judgements.ts';
import { DEFAULT_SAMPLE, hashQuery, type QuerySource, type TextQuery, type VectorQuery } from './queries.ts';
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
}

/** Queries with their vectors and judgements. */
export interface PreparedQueries {
  queries: VectorQuery[];
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
  if (source.kind === 'rows' || source.kind === 'generated') {
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
    return { queries, ...(await judged(queries)) };
  }
  if (source.kind === 'generated') {
    if (judgements)
      throw new UsageError(
        '--judgements and generated queries exclude each other',
        'leave out --judgements: the relevant row of a generated query is the row that it was made from',
      );
    const count = sample ?? DEFAULT_SAMPLE;
    const rows = await drawTexts(db, campaign, TEXT_CHARACTERS, { sample: Math.max(count, SAMPLED_TEXTS), sliceBy, groupBy, seed });
    const generated = generateQueries(rows, count);
    if (generated.queries.length === 0) throw new NoQueries('no query could be made of the rows', 'name queries with --queries FILE');
    const queries = await embedQueries(campaign, generated.queries, options.embedder);
    return { queries, judgements: inGroups(generated.judgements, rows), judgedRowsMissing: 0, judgedRowsPending: 0 };
  }
  const texts = await readTexts(db, campaign, options);
  const checked = await judged(texts);
  return { queries: await embedQueries(campaign, texts, options.embedder), ...checked };
}

/** Judgements that name the groups of rows instead of their keys. */
function inGroups(judgements: Judgements, rows: readonly { key: string; resultKey: string }[]): Judgements {
  const groups = new Map(rows.map(({ key, resultKey }) => [key, resultKey]));
  return new Map(
    [...judgements].map(([query, gains]) => [query, new Map([...gains].map(([key, gain]) => [groups.get(key) ?? key, gain]))]),
  );
}

async function readTexts(db: Queryable, campaign: Campaign, options: QueryOptions): Promise<TextQuery[]> {
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
  return queries.map(({ id, text, slices = {} }, position) => ({
    id,
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
