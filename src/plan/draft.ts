import type { Queryable } from '../database/connection.ts';
import { type ElementType, indexableType } from '../database/element-types.ts';
import { knownDimensions, knownModel } from '../embedding/model-catalog.ts';
import { UsageError } from '../errors.ts';
import { chooseForm, type IndexChoice, MAX_STORED_DIMENSIONS } from './choose-form.ts';
import { TooManyStoredDimensions } from './choose-form-error.ts';
import { distanceOfIndexes, keptIndexes, planIndexes } from './index-plan.ts';
import { hasDimensions, type TableFacts } from './inspect.ts';
import { SameModel, SideTableRefused } from './inspect-error.ts';
import { acceptedFindings } from './inventory/accepted.ts';
import { findingsFor, type InventoryFinding } from './inventory/finding.ts';
import { withStatements } from './inventory/subscriber-statements.ts';
import type { TextFacts } from './measure.ts';
import { OldModelDimensions } from './old-model-error.ts';
import type { CampaignPlan, ModelDefinition } from './plan.ts';
import { popularColumn } from './popular-column.ts';
import { shortName } from './short-name.ts';
import { chooseAutomatically, type Storage } from './storage.ts';

/** What the user asked for on the command line. */
export interface CampaignRequest {
  table: string;
  column: string;
  /** name of the part of the table that is migrated, and which rows belong to it */
  part?: string | undefined;
  where?: string | undefined;
  text: string[];
  textSql?: string | undefined;
  /** joins of other tables that the text is taken from */
  textFrom?: string[] | undefined;
  to: string;
  toName?: string | undefined;
  dimensions: number;
  from?: string | undefined;
  fromProviderModel?: string | undefined;
  /** nobody can call the old model any more */
  oldModelGone?: boolean | undefined;
  /** providers of the configuration file */
  provider?: string | undefined;
  fromProvider?: string | undefined;
  fromDocumentPrefix?: string | undefined;
  fromQueryPrefix?: string | undefined;
  distance?: ModelDefinition['distance'] | undefined;
  index?: IndexChoice | undefined;
  indexWith?: string | undefined;
  /** type of the new vectors */
  type?: ElementType | undefined;
  /** the first dimensions of the new model's vectors are usable alone */
  matryoshka?: boolean | undefined;
  /** indexes of the old vectors that get no successor on the new ones */
  dropIndex?: string[] | undefined;
  documentPrefix?: string | undefined;
  queryPrefix?: string | undefined;
  sendDimensions?: boolean | undefined;
  tokenLimit?: number | undefined;
  price?: number | undefined;
  /** spend cap */
  maxTokens?: number | undefined;
  maxUsd?: number | undefined;
  /** column (the default), side-table, or auto: a side table only where that avoids a harm */
  storage?: Storage | 'auto' | undefined;
  /** the application writes no vector itself */
  onlyRead?: boolean | undefined;
  /** codes of findings that are accepted, and why */
  accept?: string[] | undefined;
  reason?: string | undefined;
  batchRows?: number | undefined;
  /** popular:COLUMN: the rows with the largest values of this column are embedded first */
  order?: string | undefined;
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
  /** similarity at which a stored and a fresh vector count as equal */
  minSimilarity: number;
  /** text that the stored vectors are of, as SQL of the row with alias t, and its columns */
  textSql: string;
  textColumns: string[];
}

const BATCH_BYTES = 12 * 2 ** 20;
const SIDE_TABLE_BATCH_ROWS = 1000;

/** Name of the old model if the user did not name it. It cannot be called. */
export const UNNAMED_MODEL = 'unnamed-old-model';

/**
 * Decides everything the migration files need: types, names, index, models.
 *
 * @param names name of the live view if there is none yet, and the prefix that orders migration files: UTC time in seventeen digits
 * @param findings what the inventory found
 * @throws SameModel, OldModelDimensions, SideTableRefused, TooManyDimensions and the other errors of choose-form-error.ts, InventoryRefused, IndexNotCarried, IndexNeedsTable, UsageError
 */
export async function draftCampaign(
  db: Queryable,
  request: CampaignRequest,
  facts: TableFacts,
  text: TextFacts,
  known: KnownTarget | undefined,
  names: { liveView: string; stamp: string },
  findings: readonly InventoryFinding[] = [],
): Promise<CampaignPlan> {
  const distance = request.distance ?? distanceOfIndexes(facts.indexes) ?? known?.readModelDefinition.distance ?? 'cosine';
  const from = oldModel(request, facts, known, distance);
  const to = newModel(request, facts, distance);
  if (to.name === from.name) throw new SameModel(to.name);
  if (request.maxUsd !== undefined && to.usdPerMillionTokens === null)
    throw new UsageError(
      `--max-usd needs the price of ${to.name}, which is not known`,
      'give --price, the US dollars per million tokens, or --max-tokens instead',
    );
  const storage = chooseStorage(request, facts, findings);
  const sideTable =
    storage === 'side-table'
      ? shortName(`${facts.table}_${facts.part ? `${facts.part.name}_` : ''}${slug(to.name, 30)}`, '_vectors')
      : null;
  const toColumn = sideTable ? facts.column : shortName(facts.column, '_v2');
  const form = chooseForm(request.index, to, request.matryoshka ?? knownModel(request.to).isMatryoshka);
  const quotedSchema = (await quoteNames(db, [facts.vectorSchema]))[facts.vectorSchema] ?? '';
  const plan: CampaignPlan = {
    campaign: campaignName(names.stamp, facts, to),
    schema: facts.schema,
    table: facts.table,
    column: facts.column,
    columnType: facts.columnType,
    part: facts.part,
    keyColumns: facts.keyColumns,
    keyDefinitions: facts.keyDefinitions,
    textColumns: text.textColumns,
    textSql: text.joined?.expression ?? text.textSql,
    textJoins: text.joined?.joins ?? [],
    liveView: known?.liveView ?? names.liveView,
    liveModelColumn: known?.liveModelColumn ?? shortName(facts.column, '_model'),
    from,
    to,
    sideTable,
    oldSideTable: facts.sideTable,
    toColumn,
    toVersionColumn: sideTable ? 'model_version' : shortName(toColumn, '_model_version'),
    fromVersionColumn: known?.versionColumn ?? null,
    isPartitioned: facts.leaves !== null,
    oldIndexes: facts.indexes,
    indexes: planIndexes(request, facts, { to, sideTable, toColumn, quotedSchema, form }),
    notNull: facts.notNull,
    tablespace: facts.tablespace,
    keepOldCurrent: from.name !== UNNAMED_MODEL && !request.oldModelGone,
    oldModelGone: request.oldModelGone ?? false,
    tokensPerCharacter: text.tokensPerCharacter,
    batchRows: request.batchRows ?? (sideTable ? SIDE_TABLE_BATCH_ROWS : batchRows(to)),
    popularColumn: await popularColumn(db, request.order, facts),
    maxTokens: request.maxTokens ?? null,
    maxUsd: request.maxUsd ?? null,
    applicationPath: request.applicationPath ?? null,
    vectorSchema: facts.vectorSchema,
    acceptances: [],
    quoted: {},
  };
  const written = [
    plan.schema,
    plan.table,
    plan.sideTable,
    ...plan.keyColumns,
    toColumn,
    plan.toVersionColumn,
    ...plan.indexes.map(({ name }) => name),
    plan.tablespace,
    plan.vectorSchema,
  ];
  const quoted: CampaignPlan = { ...plan, quoted: await quoteNames(db, written) };
  const found = findingsFor(storage, findings).map((finding) => withStatements(finding, quoted));
  return { ...quoted, acceptances: acceptedFindings(found, request.accept ?? [], request.reason) };
}

/**
 * @throws SideTableRefused if the table has row level security, which would not apply to a side table, or a key column has a name that the
 * side table needs
 */
function chooseStorage(request: CampaignRequest, facts: TableFacts, findings: readonly InventoryFinding[]): Storage {
  // A column would be one of all rows, and contract could not drop the old one.
  const wanted = facts.part ? 'side-table' : (request.storage ?? 'column');
  const remedy = facts.part
    ? 'a part always has a side table: migrate the whole column, or move its rows to a table of their own'
    : undefined;
  if (wanted === 'side-table' && facts.rowSecurity) {
    throw new SideTableRefused(`${facts.table} has row level security, whose policies would not apply to a side table`, remedy);
  }
  const taken = facts.keyColumns.find((name) => ['model_version', 'text_hash', facts.column].includes(name));
  if (wanted === 'side-table' && taken)
    throw new SideTableRefused(`the key column ${taken} has a name that is reserved in a side table`, remedy);
  if (wanted !== 'auto') return wanted;
  const isTied = keptIndexes(request, facts).some(({ namesOthers }) => namesOthers);
  return taken || isTied ? 'column' : chooseAutomatically(facts, findings, request.onlyRead ?? false).storage;
}

/**
 * Number of rows in a batch whose vectors go into a column. A large batch leaves time between two updates in the same page, so that the
 * space of the first can be reused. A batch holds at most some megabytes of vectors, because a worker holds several batches at a time.
 */
function batchRows(to: ModelDefinition): number {
  return Math.min(4000, Math.max(500, Math.round(BATCH_BYTES / (to.dimensions * 4) / 100) * 100));
}

/**
 * The model of the present vectors: as recorded by an earlier campaign, or else as the request names it.
 *
 * @throws UsageError when the request names another model than the recorded one
 */
export function oldModel(
  request: Pick<CampaignRequest, 'from' | 'fromProviderModel' | 'fromProvider' | 'fromDocumentPrefix' | 'fromQueryPrefix'>,
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
  refuseDimensions(request.fromProviderModel ?? name, facts);
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

/** @throws OldModelDimensions for a known model that cannot have made vectors of the column's type */
function refuseDimensions(model: string, { table, column, columnType, dimensions }: TableFacts): void {
  const known = knownDimensions(model);
  if (known === undefined || dimensions === null || !hasDimensions(columnType)) return;
  const { takesDimensions, isMatryoshka } = knownModel(model);
  const isPossible = takesDimensions || isMatryoshka ? dimensions <= known : dimensions === known;
  if (!isPossible) throw new OldModelDimensions(model, `${table}.${column}`, { model: known, column: dimensions });
}

function newModel(request: CampaignRequest, facts: TableFacts, distance: ModelDefinition['distance']): ModelDefinition {
  const catalog = knownModel(request.to);
  if (request.dimensions > MAX_STORED_DIMENSIONS) throw new TooManyStoredDimensions(request.dimensions, MAX_STORED_DIMENSIONS);
  // The type stays the same where possible, so that the live view can be replaced.
  const isOnVectors = request.index === undefined || request.index === 'hnsw' || request.index === 'ivfflat';
  const elementType = request.type ?? (isOnVectors ? indexableType(facts.elementType, request.dimensions) : undefined) ?? facts.elementType;
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

async function quoteNames(db: Queryable, names: (string | null | undefined)[]): Promise<Record<string, string>> {
  const { rows } = await db.query<{ quoted: Record<string, string> }>(
    'SELECT json_object_agg(name, quote_ident(name)) AS quoted FROM unnest($1::text[]) AS w(name) WHERE name IS NOT NULL',
    [names],
  );
  return rows[0]?.quoted ?? {};
}

/**
 * Name of a campaign and of its files, short enough to be typed: the usual column, the vendor and words that most models share are left
 * out. The stamp orders the files and makes it unique.
 */
function campaignName(stamp: string, { table, column }: TableFacts, to: ModelDefinition): string {
  const model = to.name.replace(/^.*\//, '').replace(/^text-embedding-/, '');
  const subject = column === 'embedding' ? slug(table, 20) : `${slug(table, 20)}_${slug(column, 20)}`;
  return `${stamp}_${subject}_to_${slug(model, 30)}`;
}

function slug(text: string, length: number): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return plain.slice(0, length) || 'x';
}
