import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { openEmbedded } from '../../src/database/embedded.ts';

/** A database of a test file's own. */
export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  /** environment in which a command finds it */
  env: Record<string, string>;
  /** true on a real server: several sessions, locks that block, roles */
  real: boolean;
  /** ends the connections for good; from then on copies of the database can be made */
  freeze(): Promise<FrozenDatabase>;
  close(): Promise<void>;
}

/** A database that stays as it is; its copies cost little. */
export interface FrozenDatabase {
  copy(): Promise<TestDatabase>;
  close(): Promise<void>;
}

const TEMPLATE = 'reembed_test_template';
// So that test files which start at the same time make the template once.
const TEMPLATE_LOCK = 5_310_977;

/** With TEST_DATABASE_URL a clone of a template on that server, else an embedded database in memory. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  return server ? cloneTemplate(server) : startEmbedded();
}

async function cloneTemplate(server: string): Promise<TestDatabase> {
  return withAdmin(server, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [TEMPLATE]);
    if (rowCount === 0) {
      await admin.query(`CREATE DATABASE ${TEMPLATE}`);
      await withAdmin(urlOf(server, TEMPLATE), (template) => template.query('CREATE EXTENSION vector'));
    }
    return copyDatabase(server, TEMPLATE);
  });
}

async function copyDatabase(server: string, template: string): Promise<TestDatabase> {
  const name = `reembed_test_${randomBytes(6).toString('hex')}`;
  await withAdmin(server, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const drop = async () => {
    await withAdmin(server, (admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`));
  };
  const url = urlOf(server, name);
  const pool = createPool(url);
  return {
    url,
    pool,
    env: environmentOf(url),
    real: true,
    async freeze() {
      await pool.end();
      return { copy: () => copyDatabase(server, name), close: drop };
    },
    async close() {
      await pool.end();
      await drop();
    },
  };
}

/** With TEST_PGBOUNCER_URL, a PgBouncer in transaction mode in front of the server, commands go through it wherever they may. */
function environmentOf(url: string): Record<string, string> {
  const pooler = process.env.TEST_PGBOUNCER_URL;
  if (!pooler) return { DATABASE_URL: url };
  return { DATABASE_URL: urlOf(pooler, new URL(url).pathname.slice(1)), DATABASE_DIRECT_URL: url };
}

async function startEmbedded(): Promise<TestDatabase> {
  const image = readImage();
  if (image) return copyImage(image);
  const embedded = await openEmbedded({ directory: 'memory://' });
  const pool = createPool(embedded.url);
  await pool.query('CREATE EXTENSION IF NOT EXISTS vector');
  await pool.end();
  const first = await embedded.image();
  await embedded.close();
  await keepImage(first);
  return copyImage(first);
}

async function copyImage(image: Uint8Array): Promise<TestDatabase> {
  const embedded = await openEmbedded({ directory: 'memory://', image });
  const pool = createPool(embedded.url);
  return {
    url: embedded.url,
    pool,
    env: { DATABASE_URL: embedded.url },
    real: false,
    async freeze() {
      await pool.end();
      const frozen = await embedded.image();
      await embedded.close();
      return { copy: () => copyImage(frozen), close: async () => {} };
    },
    async close() {
      await pool.end();
      await embedded.close();
    },
  };
}

// A fresh embedded database takes seconds to make and half a second to copy, so one is kept for all test files.
const IMAGE = new URL(
  `../../node_modules/.cache/reembed-test/${process.env.npm_package_version ?? 'image'}-${pgliteVersion()}.tar`,
  import.meta.url,
);

function pgliteVersion(): string {
  const lock = readFileSync(new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url), 'utf8');
  return (JSON.parse(lock) as { version: string }).version;
}

function readImage(): Uint8Array | undefined {
  return existsSync(IMAGE) ? readFileSync(IMAGE) : undefined;
}

async function keepImage(image: Uint8Array): Promise<void> {
  mkdirSync(new URL('.', IMAGE), { recursive: true });
  // Renamed into place: another test file may be looking for it at this moment.
  const unfinished = new URL(`${IMAGE.href}.${process.pid}`);
  writeFileSync(unfinished, image);
  renameSync(unfinished, IMAGE);
}

function createPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 6 });
  pool.on('error', () => {});
  return pool;
}

async function withAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
