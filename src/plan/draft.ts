import type { Queryable } from '../database/connection.ts';
import { knownModel } from '../embedding/model-catalog.ts';
import { UsageError } from '../errors.ts';
import { newModel, oldModel, UNNAMED_MODEL } from './campaign-models.ts';
import type { CampaignRequest } from './campaign-request.ts';
import { chooseForm } from './choose-form.ts';
import { distanceOfIndexes, keptIndexes, planIndexes } from './index-plan.ts';
import type { TableFacts } from './inspect.ts';
import { SameModel, SideTableRefused } from './inspect-error.ts';
import { acceptedFindings } from './inventory/accepted.ts';
import { findingsFor, type InventoryFinding } from './inventory/finding.ts';
import { withStatements } from './inventory/subscriber-statements.ts';
import type { KnownTarget } from './known-target.ts';
import type { TextFacts } from './measure.ts';
import type { CampaignPlan, ModelDefinition } from './plan.ts';
import { popularColumn } from './popular-column.ts';
import { shortName } from './short-name.ts';
import { chooseAutomatically, type Storage } from './storage.ts';

const BATCH_BYTES = 12 * 2 ** 20;
const SIDE_TABLE_BATCH_ROWS = 1000;

/** What was read about a table before its campaign is drafted. */
export interface Examination {
  facts: TableFacts;
  text: TextFacts;
  known: KnownTarget | undefined;
  /** what the inventory found */
  findings?: readonly InventoryFinding[];
}

/**
 * Decides everything the migration files need: types, names, index, models.
 *
 * @param names name of the live view if there is none yet, and the prefix that orders migration files: UTC time in seventeen digits
 * @throws SameModel, OldModelDimensions, SideTableRefused, TooManyDimensions and the other errors of choose-form-error.ts, InventoryRefused, IndexNotCarried, IndexNeedsTable, UsageError
 */
export async function draftCampaign(
  db: Queryable,
  request: CampaignRequest,
  { facts, text, known, findings = [] }: Examination,
  names: { liveView: string; stamp: string },
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
