import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { type CommandResult, createWorkplace, type Workplace } from './command.ts';
import type { TestDatabase } from './database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from './documents.ts';
import { PASSING_VALIDATION } from './evidence.ts';
import { startProvider, type TestProvider } from './provider.ts';

// All names and grants that depend on the toolkit's privilege model are in this file.

/** Statements that make a role a worker; run by the installer after the first `migrate up`. */
function workerGrants(worker: string): string[] {
  return [readFileSync(new URL('../../docs/worker-role.sql', import.meta.url), 'utf8').replaceAll(":'role'", pg.escapeLiteral(worker))];
}

/** A fabricated validation that passes; $1 is the campaign. */
export const FORGED_VALIDATION = PASSING_VALIDATION;

/** Statements on the toolkit's tables that a worker must not be allowed to run. */
export const FORBIDDEN_TO_WORKERS = [
  "UPDATE reembed.setting SET read_model = 'new-model'",
  "UPDATE reembed.campaign SET phase = 'switch'",
  "UPDATE reembed.target SET text_sql = 'current_user'",
  "UPDATE reembed.model SET document_prefix = 'x'",
  "UPDATE reembed.validation SET verdict = 'pass', reasons = '{}', doubts = '{}'",
  "SELECT reembed.switch_to('documents', 'new-model')",
  'DELETE FROM reembed.event',
  'DELETE FROM reembed.campaign',
];

/** Functions of schema reembed that every role may call: docs/reading.md. */
export const PUBLIC_FUNCTIONS = [
  'active_model',
  'admit_owners',
  'bridge_map',
  'bridge_statement',
  'capture_triggers',
  'join_damage',
  'model_view_name',
  'view_schema',
  'served_model',
  'query_vector',
  'log_query',
  'key_hash',
  'key_text',
  'read_bridge',
  'reading',
  'report_wanted',
  'reads_for',
  'record_shadow_read',
  'serves',
];

/** Schema of the application's tables; belongs to the owner. */
export const SCHEMA = 'app';

const SUPERUSER = process.env.TEST_DATABASE_URL;

/** A role created for one test. */
export interface Role {
  name: string;
  url: string;
  pool: pg.Pool;
  /** runs `reembed …` as this role */
  run(args: string[], env?: Record<string, string>): Promise<CommandResult>;
}

/** A database on a real server, with a role for each party. */
export interface RoleStage {
  /** superuser of the server: prepares and checks, and has no part in the campaign */
  admin: pg.Pool;
  /** runs migrations: may create schemas and is a member of the owner, or a superuser if the options say so */
  installer: Role;
  /** owns schema app and everything in it */
  owner: Role;
  /** runs `worker`; has no privileges before grantWorker() */
  worker: Role;
  /** reads and writes the table, and has no other privileges */
  application: Role;
  provider: TestProvider;
  workplace: Workplace;
  /** creates another role without any privileges */
  addRole(purpose: string, attributes?: string): Promise<Role>;
  /** grants the worker what the documentation says */
  grantWorker(): Promise<void>;
  close(): Promise<void>;
}

/** Options of a stage. */
export interface RoleStageOptions {
  /** schema of pgvector; Supabase has it in `extensions` */
  vectorSchema?: 'extensions' | 'public';
  /** the installer is a superuser */
  superuserInstaller?: boolean;
  /** number of documents in the owner's table app.documents; 0: no table is created */
  rows?: number;
}

/** Creates the four roles, with random names and passwords, in a database of their own. */
export async function createRoleStage(options: RoleStageOptions = {}): Promise<RoleStage> {
  if (!SUPERUSER) throw new Error('roles are distinguished on a real server only: set TEST_DATABASE_URL');
  const { vectorSchema = 'extensions', superuserInstaller = false, rows = 60 } = options;
  const id = randomBytes(4).toString('hex');
  const database = `reembed_roles_${id}`;
  const server = openPool(SUPERUSER);
  await server.query(`CREATE DATABASE ${database}`);
  // Statements of the test itself must not call planted functions.
  const admin = openPool(
    Object.assign(new URL(SUPERUSER), { pathname: `/${database}`, search: 'options=-csearch_path%3Dpg_catalog' }).href,
  );
  const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  const workplace = createWorkplace({ OPENAI_API_KEY: 'any-word', OPENAI_BASE_URL: provider.url });
  const roles: Role[] = [];

  const addRole = async (purpose: string, attributes = '') => {
    const name = `${purpose}_${id}`;
    const password = randomBytes(12).toString('hex');
    await admin.query(`CREATE ROLE ${name} LOGIN ${attributes} PASSWORD '${password}'`);
    const url = Object.assign(new URL(SUPERUSER), { pathname: `/${database}`, username: name, password }).href;
    const role: Role = {
      name,
      url,
      pool: openPool(url),
      run: (args, env = {}) => workplace.run(args, { DATABASE_URL: url, ...env }),
    };
    roles.push(role);
    return role;
  };

  const stage: RoleStage = {
    admin,
    installer: await addRole('installer', superuserInstaller ? 'SUPERUSER' : ''),
    owner: await addRole('owner'),
    worker: await addRole('worker'),
    application: await addRole('application'),
    provider,
    workplace,
    addRole,
    async grantWorker() {
      for (const statement of workerGrants(stage.worker.name)) await stage.installer.pool.query(statement);
    },
    async close() {
      workplace.remove();
      await Promise.all([admin, ...roles.map(({ pool }) => pool)].map((pool) => pool.end()));
      await server.query(`DROP DATABASE ${database} WITH (FORCE)`);
      for (const { name } of roles) await server.query(`DROP ROLE ${name}`);
      await Promise.all([server.end(), provider.close()]);
    },
  };

  const { installer, owner, application } = stage;
  await admin.query(`
    ${vectorSchema === 'extensions' ? 'CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC;' : ''}
    CREATE EXTENSION vector SCHEMA ${vectorSchema};
    CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${owner.name};
    GRANT USAGE ON SCHEMA ${SCHEMA} TO ${application.name};
    ALTER DATABASE ${database} SET search_path = "$user", ${SCHEMA}, public${vectorSchema === 'public' ? '' : ', extensions'};
    ${superuserInstaller ? '' : `GRANT CREATE ON DATABASE ${database} TO ${installer.name}; GRANT ${owner.name} TO ${installer.name};`}`);
  if (rows > 0) {
    await createDocuments(owner.pool, rows);
    await owner.pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO ${application.name}`);
  }
  return stage;
}

/** Arguments of `migrate create` for app.documents, from the old to the new model. */
export function createArguments(more: string[] = ['--text', 'content'], table = `${SCHEMA}.documents`): string[] {
  const models = ['--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS)];
  return ['migrate', 'create', '--table', table, ...models, ...more];
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on('error', () => {});
  return pool;
}

/** Creates a role with the privileges of a worker and no others; it is dropped after the test. */
export function createWorkerRole(t: ExecutionContext, db: TestDatabase): Promise<{ name: string; url: string }> {
  return createLogin(t, db, 'worker', workerGrants);
}

/** Creates a role that may connect and do what these statements grant; it is dropped after the test. */
export async function createLogin(
  t: ExecutionContext,
  { url, pool }: TestDatabase,
  kind: string,
  grantsOf: (name: string) => string[],
): Promise<{ name: string; url: string }> {
  const name = `reembed_${kind}_${randomBytes(4).toString('hex')}`;
  await pool.query(`CREATE ROLE ${name} LOGIN PASSWORD 'only-for-this-test'`);
  t.teardown(() => dropRole(url, name));
  for (const statement of grantsOf(name)) await pool.query(statement);
  const own = new URL(url);
  own.username = name;
  own.password = 'only-for-this-test';
  return { name, url: own.href };
}

async function dropRole(databaseUrl: string, role: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await client.end();
}
