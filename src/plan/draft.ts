import type { Queryable } from '../database/connection.ts';
import { DISTANCES, indexableType } from '../database/element-types.ts';
import { knownModel } from '../embedding/model-catalog.ts';
import { UsageError } from '../errors.ts';
import type { TableFacts } from './inspect.ts';
import { SameModel, SideTableRefused, TooManyDimensions } from './inspect-error.ts';
import type { TextFacts } from './measure.ts';
import type { CampaignPlan, IndexPlan, ModelDefinition } from './plan.ts';
import { adviseStorage, type Storage } from './storage.ts';

/** What the user asked for on the command line. */
export interface CampaignRequest {
  table: string;
  column: string;
  text: string[];
  textSql?: string | undefined;
  to: string;
  toName?: string | undefined;
  dimensions: number;
  from?: string | undefined;
  fromProviderModel?: string | undefined;
  /** providers of the configuration file */
  provider?: string | undefined;
  fromProvider?: string | undefined;
  fromDocumentPrefix?: string | undefined;
  fromQueryPrefix?: string | undefined;
  distance?: ModelDefinition['distance'] | undefined;
  index?: 'hnsw' | 'ivfflat' | 'none' | undefined;
  indexWith?: string | undefined;
  documentPrefix?: string | undefined;
  queryPrefix?: string | undefined;
  sendDimensions?: boolean | undefined;
  tokenLimit?: number | undefined;
  price?: number | undefined;
  /** spend cap */
  maxTokens?: number | undefined;
  maxUsd?: number | undefined;
  /** column, side-table, or auto: chosen by the table's properties */
  storage?: Storage | 'auto' | undefined;
  batchRows?: number | undefined;
  /** search_path of the application */
  applicationPath?: string | undefined;
}

/** What the database knows about the target from an earlier campaign. */
export interface KnownTarget {
  readModel: string;
  readModelDefinition: ModelDefinition;
  versionColumn: string | null;
  liveView: string;
  liveModelColumn: string;
}

const BATCH_BYTES = 12 * 2 ** 20;
const SIDE_TABLE_BATCH_ROWS = 1000;

/** Name of the old model if the user did not name it. It cannot be called. */
export const UNNAMED_MODEL = 'unnamed-old-model';

/**
 * Decides everything the five files need: types, names, index, models.
 *
 * @param names name of the live view if there is none yet, and the prefix that orders migration files: UTC time in seventeen digits
 * @throws SameModel, SideTableRefused, TooManyDimensions, UsageError
 */
export async function draftCampaign(
  db: Queryable,
  request: CampaignRequest,
  facts: TableFacts,
  text: TextFacts,
  known: KnownTarget | undefined,
  names: { liveView: string; stamp: string },
): Promise<CampaignPlan> {
  const oldIndex = facts.indexes[0];
  const distance = request.distance ?? distanceOf(oldIndex?.operatorClass) ?? known?.readModelDefinition.distance ?? 'cosine';
  const from = oldModel(request, facts, known, distance);
  const to = newModel(request, facts, distance);
  if (to.name === from.name) throw new SameModel(to.name);
  if (request.maxUsd !== undefined && to.usdPerMillionTokens === null)
    throw new UsageError(
      `--max-usd needs the price of ${to.name}, which is not known`,
      'give --price, the US dollars per million tokens, or --max-tokens instead',
    );
  const storage = chooseStorage(request, facts, to);
  const sideTable = storage === 'side-table' ? shortName(`${facts.table}_${slug(to.name, 30)}`, '_vectors') : null;
  const toColumn = sideTable ? facts.column : shortName(facts.column, '_v2');
  const plan = {
    campaign: `${names.stamp}_${slug(facts.table, 20)}_${slug(facts.column, 20)}_to_${slug(to.name, 30)}`,
    schema: facts.schema,
    table: facts.table,
    column: facts.column,
    columnType: facts.columnType,
    keyColumns: facts.keyColumns,
    keyDefinitions: facts.keyDefinitions,
    textColumns: text.textColumns,
    textSql: text.textSql,
    liveView: known?.liveView ?? names.liveView,
    liveModelColumn: known?.liveModelColumn ?? shortName(facts.column, '_model'),
    from,
    to,
    sideTable,
    oldSideTable: facts.sideTable,
    toColumn,
    toVersionColumn: sideTable ? 'model_version' : shortName(toColumn, '_model_version'),
    fromVersionColumn: known?.versionColumn ?? null,
    oldIndexes: facts.indexes,
    index: indexPlan(request, facts, sideTable, toColumn),
    keepOldCurrent: from.name !== UNNAMED_MODEL,
    tokensPerCharacter: text.tokensPerCharacter,
    batchRows: request.batchRows ?? (sideTable ? SIDE_TABLE_BATCH_ROWS : batchRows(to)),
    maxTokens: request.maxTokens ?? null,
    maxUsd: request.maxUsd ?? null,
    applicationPath: request.applicationPath ?? null,
    vectorSchema: facts.vectorSchema,
  };
  const written = [
    plan.schema,
    plan.table,
    plan.sideTable,
    ...plan.keyColumns,
    toColumn,
    plan.toVersionColumn,
    plan.index?.name,
    plan.vectorSchema,
  ];
  return { ...plan, quoted: await quoteNames(db, written) };
}

/**
 * @throws SideTableRefused if the table has row level security, which would not apply to a side table, or a key column has a name that the
 * side table needs
 */
function chooseStorage(request: CampaignRequest, facts: TableFacts, to: ModelDefinition): Storage {
  const wanted = request.storage ?? 'auto';
  if (wanted === 'side-table' && facts.rowSecurity) {
    throw new SideTableRefused(`${facts.table} has row level security, whose policies would not apply to a side table`);
  }
  const taken = facts.keyColumns.find((name) => ['model_version', 'text_hash', facts.column].includes(name));
  if (wanted === 'side-table' && taken) throw new SideTableRefused(`the key column ${taken} has a name that is reserved in a side table`);
  if (wanted !== 'auto') return wanted;
  return taken ? 'column' : adviseStorage(facts, to).recommended;
}

/**
 * Number of rows in a batch whose vectors go into a column. A large batch leaves time between two updates in the same page, so that the
 * space of the first can be reused. A batch holds at most some megabytes of vectors, because a worker holds several batches at a time.
 */
function batchRows(to: ModelDefinition): number {
  return Math.min(4000, Math.max(500, Math.round(BATCH_BYTES / (to.dimensions * 4) / 100) * 100));
}

function oldModel(
  request: CampaignRequest,
  facts: TableFacts,
  known: KnownTarget | undefined,
  distance: ModelDefinition['distance'],
): ModelDefinition {
  if (known) {
    if (request.from !== undefined && request.from !== known.readModel) {
      throw new UsageError(
        `${facts.table}.${facts.column} holds vectors of ${known.readModel}, not of ${request.from}`,
        'leave --from out',
      );
    }
    return { ...known.readModelDefinition, provider: request.fromProvider ?? known.readModelDefinition.provider };
  }
  const name = request.from ?? UNNAMED_MODEL;
  const catalog = knownModel(name);
  return {
    name,
    providerModel: request.fromProviderModel ?? name,
    dimensions: facts.dimensions ?? 1,
    elementType: facts.elementType,
    distance,
    documentPrefix: request.fromDocumentPrefix ?? catalog.documentPrefix,
    queryPrefix: request.fromQueryPrefix ?? catalog.queryPrefix,
    sendDimensions: catalog.takesDimensions,
    tokenLimit: catalog.tokenLimit,
    usdPerMillionTokens: catalog.usdPerMillionTokens,
    provider: request.fromProvider ?? null,
  };
}

function newModel(request: CampaignRequest, facts: TableFacts, distance: ModelDefinition['distance']): ModelDefinition {
  const catalog = knownModel(request.to);
  // The type stays the same where possible, so that the live view can be replaced.
  const elementType = indexableType(facts.elementType, request.dimensions);
  if (!elementType) throw new TooManyDimensions(request.dimensions);
  return {
    name: request.toName ?? request.to,
    providerModel: request.to,
    dimensions: request.dimensions,
    elementType,
    distance,
    documentPrefix: request.documentPrefix ?? catalog.documentPrefix,
    queryPrefix: request.queryPrefix ?? catalog.queryPrefix,
    sendDimensions: request.sendDimensions ?? catalog.takesDimensions,
    tokenLimit: request.tokenLimit ?? catalog.tokenLimit,
    usdPerMillionTokens: request.price ?? catalog.usdPerMillionTokens,
    provider: request.provider ?? null,
  };
}

function indexPlan(request: CampaignRequest, facts: TableFacts, sideTable: string | null, toColumn: string): IndexPlan | null {
  const old = facts.indexes.find(({ method }) => method === 'hnsw' || method === 'ivfflat');
  const method = request.index ?? (old?.method === 'ivfflat' ? 'ivfflat' : 'hnsw');
  if (method === 'none') return null;
  const inherited = old?.method === method ? old.parameters : '';
  const parameters = request.indexWith ?? (inherited || (method === 'ivfflat' ? `lists = ${ivfflatLists(facts.rows)}` : ''));
  if (!/^(\s*[a-z_]+\s*=\s*[\d.]+\s*(,|$))*$/.test(parameters)) {
    throw new UsageError(
      `--index-with takes storage parameters such as "m = 16, ef_construction = 64", not "${parameters}"`,
      'see CREATE INDEX in the manual of pgvector',
    );
  }
  return {
    method,
    parameters,
    name: sideTable ? shortName(sideTable, '_idx') : shortName(`${facts.table}_${toColumn}`, '_idx'),
    // The index of an old side table is dropped with that table and keeps its name.
    finalName: (facts.sideTable ? undefined : old?.name) ?? shortName(`${facts.table}_${facts.column}`, '_idx'),
  };
}

/** Number of lists of an IVFFlat index: rows / 1000, above a million rows the square root of rows (pgvector's README). */
export function ivfflatLists(rows: number): number {
  return Math.max(1, Math.round(rows <= 1_000_000 ? rows / 1000 : Math.sqrt(rows)));
}

function distanceOf(operatorClass: string | undefined): ModelDefinition['distance'] | undefined {
  const distances = Object.keys(DISTANCES) as (keyof typeof DISTANCES)[];
  return distances.find((distance) => operatorClass?.endsWith(`_${DISTANCES[distance]}_ops`));
}

async function quoteNames(db: Queryable, names: (string | null | undefined)[]): Promise<Record<string, string>> {
  const { rows } = await db.query<{ quoted: Record<string, string> }>(
    'SELECT json_object_agg(name, quote_ident(name)) AS quoted FROM unnest($1::text[]) AS w(name) WHERE name IS NOT NULL',
    [names],
  );
  return rows[0]?.quoted ?? {};
}

function slug(text: string, length: number): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain.slice(0, length) || 'x';
}

/** Appends an ending to a name, which is shortened to stay within PostgreSQL's 63 bytes. */
export function shortName(name: string, ending: string): string {
  let short = name;
  while (Buffer.byteLength(short + ending) > 63) short = short.slice(0, -1);
  return short + ending;
}
