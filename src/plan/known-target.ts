import { readFileSync } from 'node:fs';
import type { Queryable } from '../database/connection.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import type { MigrationState } from '../database/migration-runner.ts';
import { isInstalled, queryOf } from '../database/sql-objects.ts';
import { columnArguments, liveViewArgument, relationArgument } from '../phases/1-expand.ts';
import { templateText } from '../phases/files.ts';
import type { TableFacts } from './inspect.ts';
import { CampaignRunning, NameTaken, NoCreateOnDatabase } from './inspect-error.ts';
import { type CampaignPlan, type ModelDefinition, targetOf } from './plan.ts';
import { shortName } from './short-name.ts';

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

/**
 * Reads what an earlier campaign left on the column; undefined when there was none.
 *
 * @throws CampaignRunning when an earlier campaign is still running
 */
export async function readKnownTarget(db: Queryable, facts: TableFacts, part?: string): Promise<KnownTarget | undefined> {
  if (!(await isInstalled(db))) return undefined;
  const { rows } = await db.query<KnownTarget & { target: string; running: string | null }>(
    `SELECT t.name AS target, t.live_view AS "liveView", t.live_model_column AS "liveModelColumn", s.read_model AS "readModel",
            s.min_audit_similarity::float8 AS "minSimilarity",
            reembed.target_names(t.name) ->> 'content' AS "textSql", t.text_names::text[] AS "textColumns", v.version_column AS "versionColumn",
            (SELECT m.name FROM reembed.campaign AS m WHERE m.target = t.name AND m.phase <> 'contract') AS running,
            json_build_object('name', o.name, 'providerModel', o.provider_model, 'dimensions', o.dimensions, 'elementType', o.element_type,
              'distance', o.distance, 'documentPrefix', o.document_prefix, 'queryPrefix', o.query_prefix, 'sendDimensions', o.send_dimensions,
              'tokenLimit', o.token_limit, 'usdPerMillionTokens', o.usd_per_million_tokens, 'provider', o.provider) AS "readModelDefinition"
       FROM reembed.target AS t
       JOIN reembed.setting AS s ON s.target = t.name
       JOIN reembed.model AS o ON o.name = s.read_model
       LEFT JOIN reembed.vector_column AS v ON v.target = t.name AND v.model = s.read_model
      WHERE t.relation = $1 AND t.column_name = $2 AND t.part = $3`,
    [facts.oid, facts.column, part ?? ''],
  );
  const known = rows[0];
  if (known?.running) throw new CampaignRunning(known.target, known.running, 'finish it, or take it down: npm run migrate down');
  return known;
}

/**
 * Chooses the name of the live view: table_live, or table_column_live if a campaign on another column uses table_live, or will when its
 * files are run. A part has a view of its own rows, table_part_live.
 */
export async function chooseLiveView(db: Queryable, facts: TableFacts, pending: MigrationFile[]): Promise<string> {
  if (facts.part !== null) return shortName(`${facts.table}_${facts.part.name}`, '_live');
  const name = shortName(facts.table, '_live');
  const { rows } = await db.query<{ relation: string }>("SELECT format('%I.%I', $1::text, $2::text) AS relation", [
    facts.schema,
    facts.table,
  ]);
  const { relation = '' } = rows[0] ?? {};
  const ours =
    (await isInstalled(db)) &&
    (await db.query('SELECT FROM reembed.target AS t WHERE t.live_view = $1 AND reembed.view_schema(t.name) = $2', [name, facts.schema]))
      .rows.length > 0;
  const isPlanned = pending
    .filter(({ phase }) => phase === 'expand')
    .map(({ path }) => readFileSync(path, 'utf8'))
    .some((text) => [relationArgument(relation), liveViewArgument(name)].every((argument) => text.includes(templateText(argument))));
  return ours || isPlanned ? shortName(`${facts.table}_${facts.column}`, '_live') : name;
}

/** @throws CampaignRunning when files for the column wait to be run */
export function refusePendingFiles(state: MigrationState, plan: CampaignPlan): void {
  const waiting = state.pending.find(
    ({ phase, path }) => phase === 'expand' && readFileSync(path, 'utf8').includes(templateText(columnArguments(plan))),
  );
  if (waiting?.campaign) {
    throw new CampaignRunning(
      targetOf(plan),
      `the files of ${waiting.campaign} have not been run`,
      'run npm run migrate up, or delete these files',
    );
  }
}

/** @throws NameTaken when a column, view, index or schema that the campaign would create exists; NoCreateOnDatabase */
export async function refuseTakenNames(
  db: Queryable,
  plan: CampaignPlan,
  facts: TableFacts,
  known: KnownTarget | undefined,
): Promise<void> {
  const isNewName = !known || plan.oldSideTable !== null;
  const wanted = [
    ...(plan.sideTable ? [] : [plan.toColumn, plan.toVersionColumn, ...(isNewName ? [`${plan.column}_model_version`] : [])]),
    ...(plan.oldSideTable && !plan.sideTable ? [plan.column] : []),
    ...(known ? [] : [plan.liveModelColumn]),
  ];
  const column = wanted.find((name) => facts.columns.includes(name));
  if (column) throw new NameTaken('column', `${plan.table}.${column}`);
  const relations = [
    ...(known ? [] : [plan.liveView]),
    ...(plan.sideTable ? [plan.sideTable] : []),
    ...plan.indexes.map(({ name }) => name),
    ...plan.indexes.filter(({ name, oldName, finalName }) => finalName !== name && finalName !== oldName).map(({ finalName }) => finalName),
  ];
  const { rows } = await db.query<{ name: string }>(
    'SELECT c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2)',
    [plan.schema, relations],
  );
  if (rows[0]) throw new NameTaken('relation', `${plan.schema}.${rows[0].name}`);
  await refuseSchemas(db, plan);
}

/** @throws NameTaken, NoCreateOnDatabase */
async function refuseSchemas(db: Queryable, plan: CampaignPlan): Promise<void> {
  const nameOf = (model: string) => `(${queryOf('model_schema_name', ['p_schema', 'p_model']).replaceAll('$2', model)})`;
  const names = ['NULL::text', '$2::text', '$3::text'].map(nameOf).join(', ');
  const models = [plan.schema, plan.from.name, plan.to.name];
  const { rows: taken } = await db.query<{ name: string }>(
    `SELECT n.nspname AS name FROM pg_namespace AS n
      WHERE n.nspname IN (${names})
        AND NOT ${(await isInstalled(db)) ? 'reembed.is_model_schema(n.nspname)' : 'false'}`,
    models,
  );
  if (taken[0]) throw new NameTaken('schema', taken[0].name);
  // A part has no view with the name of its table, and a schema only for the function of an index that holds less than the vectors.
  const hasLiveSchema = plan.part === null || plan.indexes.some(({ form }) => form.name !== 'plain');
  const { rows: missing } = await db.query<{ database: string; role: string; schemas: string | null }>(
    `SELECT quote_ident(current_database()) AS database, quote_ident(current_user) AS role, string_agg(s.name, ', ') AS schemas
       FROM (SELECT unnest(ARRAY['reembed', 'reembed_queue']) AS name
             UNION ALL SELECT ${nameOf('NULL::text')} WHERE $4
             UNION ALL SELECT unnest(ARRAY[${nameOf('$2::text')}, ${nameOf('$3::text')}]) WHERE $5) AS s
      WHERE to_regnamespace(quote_ident(s.name)) IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')`,
    [...models, hasLiveSchema, plan.part === null],
  );
  const [role] = missing;
  if (role?.schemas) throw new NoCreateOnDatabase(role.database, role.role, role.schemas);
}
