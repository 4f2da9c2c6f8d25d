import pLimit from 'p-limit';
import type { Config } from '../config.ts';
import { type Database, inOwnTransactions, openDatabase } from '../database/connection.ts';
import { providerAccess } from '../embedding/open-provider.ts';
import { UsageError } from '../errors.ts';
import { columnsOf } from '../fit-columns.ts';
import { groupFiles, type PlannedFile, writeFiles } from '../phases/files.ts';
import type { CampaignRequest } from '../plan/campaign-request.ts';
import { compareOldModel, withAcceptance } from '../plan/compare-old-model.ts';
import { tokensNote } from '../plan/count-tokens.ts';
import { type Draft, draftTable, timeStamp } from '../plan/draft-table.ts';
import { type Estimate, estimateCampaign } from '../plan/estimate.ts';
import { findingsFor, type InventoryFinding } from '../plan/inventory/finding.ts';
import { OLD_MODEL_DISAGREES } from '../plan/old-model-error.ts';
import { type CampaignPlan, modelRow, targetOf } from '../plan/plan.ts';
import { inPlanningTransaction } from '../plan/planning-transaction.ts';
import { NoTablesInGroup, tablesLike, tablesOfQuery } from '../plan/table-group.ts';
import { visible, visibleLines } from '../print-text.ts';
import { headedTable } from '../validation/report/report-wording.ts';
import { counted, formatBytes, formatNumber, formatSeconds, formatUsd } from '../wording.ts';
import { type CreateOptions, requestOf } from './migrate-create.ts';
import { printJson, printSource, say } from './print.ts';

// A provider and the database answer several tables at a time; a connection belongs to each.
const AT_ONCE = 4;

/** A table of the group, with its plan. */
interface Member {
  plan: CampaignPlan;
  estimate: Estimate;
  inventory: InventoryFinding[];
  oldModel: string;
}

/** `reembed migrate create --tables`: one set of files for the campaigns of several tables. */
export async function createGroup(options: CreateOptions, config: Config): Promise<void> {
  const group = groupName(options);
  const request = requestOf(options, config);
  const database = await openDatabase(config);
  try {
    const tables = await listTables(database, options);
    const stamp = timeStamp();
    const limit = pLimit(AT_ONCE);
    const digits = String(tables.length).length;
    const found = new Set<string>();
    const make = async (table: string, position: number): Promise<Member> => {
      const prefix = `${stamp}_${String(position + 1).padStart(digits, '0')}`;
      const drafted = await inPlanningTransaction(database, (client) =>
        draftTable(client, { ...request, table }, config, {
          probe: options.probe,
          prefix,
          acceptedOf: (findings) => acceptedOf(findings, request.accept, found),
        }),
      );
      return planMember(drafted, { ...request, table }, config, { group, found });
    };
    const members = await Promise.all(tables.map((table, position) => limit(make, table, position)));
    const unknown = options.accept?.find((code) => !found.has(code));
    if (unknown !== undefined)
      throw new UsageError(`there is no ${unknown} to accept in any table of the group`, 'leave it out of --accept');
    const [first] = members as [Member];
    const { probeProvider } = await import('../embedding/probe.ts');
    const probe = options.probe ? await probeProvider(modelRow(first.plan.to), config) : 'not probed';
    const files = groupFiles(
      `${stamp}_${group}`,
      members.map(({ plan }) => plan),
      config.migrationsDirectory,
    );
    if (!options.dryRun) writeFiles(files);
    else if (!options.json) for (const file of files) printSource(visibleLines(`// ---- ${file.path}\n${file.text}\n`));
    if (options.json) {
      const paths = files.map(({ path }) => path);
      printJson({ group, campaigns: members, probe, files: paths, written: !options.dryRun }, 2);
    } else {
      say(groupText(group, members, probe, files, !options.dryRun));
    }
  } finally {
    await database.close();
  }
}

function groupName({ table, tables, tablesQuery, group }: CreateOptions): string {
  const given = [table, tables, tablesQuery].filter((one) => one !== undefined).length;
  if (given === 0)
    throw new UsageError(
      'no table is named',
      'give --table (for many: --tables or --tables-query), --text, --from, --to and --dimensions; npm run init lists the tables with vectors',
    );
  if (given > 1) throw new UsageError('which table is not clear', 'give only one of --table, --tables and --tables-query');
  if (tables === undefined && group === undefined) throw new UsageError('the table group has no name', 'give --group NAME');
  const name =
    group ??
    (tables ?? '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '');
  if (/^[a-z0-9_]{1,40}$/.test(name)) return name;
  throw new UsageError(`"${name}" cannot be the name of a table group`, 'give --group NAME, of up to 40 small letters, digits and _');
}

async function listTables({ pool }: Database, { tables, tablesQuery }: CreateOptions): Promise<string[]> {
  const found =
    tablesQuery === undefined ? await tablesLike(inOwnTransactions(pool), tables ?? '') : await tablesOfQuery(pool, tablesQuery);
  if (found.length === 0) throw new NoTablesInGroup(tables ?? '--tables-query');
  return found;
}

/**
 * A harm is accepted for the tables that have it.
 *
 * @param found codes that were found in any table of the group; those of this table are added
 */
function acceptedOf(findings: readonly InventoryFinding[], accept: string[] | undefined, found: Set<string>): string[] | undefined {
  for (const { code } of findings) found.add(code);
  return accept?.filter((code) => findings.some((finding) => finding.code === code && finding.severity !== 'note'));
}

async function planMember(
  drafted: Draft,
  request: CampaignRequest,
  config: Config,
  { group, found }: { group: string; found: Set<string> },
): Promise<Member> {
  const { limits } = providerAccess(drafted.plan.to, 'new', config);
  if (drafted.plan.keepOldCurrent) providerAccess(drafted.plan.from, 'old', config);
  const oldModel = await compareOldModel(drafted, config);
  if (oldModel.refusal) found.add(OLD_MODEL_DISAGREES);
  const accept = request.accept?.filter((code) => code !== OLD_MODEL_DISAGREES || oldModel.refusal);
  const plan = { ...withAcceptance(drafted.plan, oldModel, { ...request, accept }), group };
  return {
    plan,
    estimate: estimateCampaign({ ...drafted, plan }, { limits, concurrency: config.concurrency }),
    inventory: findingsFor(plan.sideTable ? 'side-table' : 'column', drafted.findings),
    oldModel: oldModel.finding,
  };
}

function groupText(group: string, members: readonly Member[], probe: string, files: readonly PlannedFile[], written: boolean): string {
  const table = [['table', 'rows', 'tokens', 'price', 'provider calls', 'vectors and indexes', 'old vectors']];
  for (const { plan, estimate, oldModel } of members) table.push([visible(targetOf(plan)), ...figures(estimate), visible(oldModel)]);
  table.push([counted(members.length, 'table'), ...figures(sum(members)), '']);
  const harms = members.flatMap(({ plan, inventory }) =>
    inventory
      .filter(({ severity }) => severity === 'harm')
      .map(({ code, what }) => `  ${visible(targetOf(plan))}: ${code}: ${visible(what)}`),
  );
  return [
    `table group ${group}`,
    headedTable(table, columnsOf(process.stderr)),
    ...[tokensNote('tokens: ')].filter(Boolean),
    `provider: ${visible(probe)}`,
    ...(harms.length === 0
      ? []
      : ['', 'Harms, each to be accepted before its phase (npm run migrate up -- --accept CODE --reason TEXT):', ...harms]),
    '',
    written ? 'Written:' : 'Would be written:',
    ...files.map(({ path }) => `  ${path}`),
    '',
    written ? 'Review them, then: npm run migrate up' : 'Nothing was written.',
  ].join('\n');
}

type Sums = Pick<Estimate, 'rows' | 'tokens' | 'usd' | 'seconds' | 'vectorBytes' | 'indexBytes'>;

function sum(members: readonly Member[]): Sums {
  const total = (of: (estimate: Estimate) => number) => members.reduce((sofar, { estimate }) => sofar + of(estimate), 0);
  return {
    rows: total(({ rows }) => rows),
    tokens: total(({ tokens }) => tokens),
    usd: members.some(({ estimate }) => estimate.usd === null) ? null : total(({ usd }) => usd ?? 0),
    seconds: total(({ seconds }) => seconds),
    vectorBytes: total(({ vectorBytes }) => vectorBytes),
    indexBytes: total(({ indexBytes }) => indexBytes),
  };
}

function figures({ rows, tokens, usd, seconds, vectorBytes, indexBytes }: Sums): string[] {
  return [
    formatNumber(rows),
    formatNumber(tokens),
    usd === null ? 'not known' : formatUsd(usd),
    formatSeconds(seconds),
    formatBytes(vectorBytes + indexBytes),
  ];
}
