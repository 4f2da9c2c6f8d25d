import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { openEmbedded } from '../../src/database/embedded.ts';
import { advance } from '../../src/phases/advance.ts';

/** A database of a single test file. */
export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  /** environment that makes a command use it */
  env: Record<string, string>;
  /** true on a real server: several sessions, blocking locks, roles */
  real: boolean;
  /** closes the connections permanently; afterwards the database can be copied */
  freeze(): Promise<FrozenDatabase>;
  close(): Promise<void>;
}

/** A database that no longer changes and is cheap to copy. */
export interface FrozenDatabase {
  copy(): Promise<TestDatabase>;
  close(): Promise<void>;
}

/** Content of a new database: pgvector alone, or the toolkit as the first `migrate up` leaves it. */
export type Content = 'bare' | 'installed';

// Test files that start at the same time create a template only once.
const TEMPLATE_LOCK = 5_310_977;
// Other checkouts use the same server and the same folder of images.
const KEPT_VERSIONS = 4;

/** With TEST_DATABASE_URL a clone of a template on that server, otherwise an embedded database in memory. */
export async function createTestDatabase(content: Content = 'bare'): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  return server ? cloneTemplate(server, content) : copyImage(await findImage(content));
}

/** A digest of all files that determine an installation: a template made from other files is not used. */
function digestOfInstallation(): string {
  const digest = createHash('sha256');
  for (const folder of ['migrations', 'sql', 'src/database']) {
    const root = new URL(`../../${folder}/`, import.meta.url);
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = new URL(name, root);
      if (statSync(file).isFile()) digest.update(`${folder}/${name}\0`).update(readFileSync(file));
    }
  }
  return digest.digest('hex').slice(0, 16);
}

async function install(pool: pg.Pool, url: string): Promise<void> {
  await advance({ pool, url, embedded: false, directory: '', close: async () => {} }, { directory: 'no-campaigns', notice: () => {} });
}

const INSTALLED = 'reembed_test_installed_';

async function cloneTemplate(server: string, content: Content): Promise<TestDatabase> {
  const template = content === 'bare' ? 'reembed_test_template' : INSTALLED + digestOfInstallation();
  return withAdmin(server, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    if (rowCount === 0) await makeTemplate(admin, server, template, content);
    return copyDatabase(server, template);
  });
}

async function makeTemplate(admin: pg.Client, server: string, template: string, content: Content): Promise<void> {
  // Renamed when it is complete, so that an interruption leaves no partial template.
  const unfinished = `${template}_unfinished`;
  await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${unfinished}`);
  const url = urlOf(server, unfinished);
  const pool = createPool(url);
  await pool.query('CREATE EXTENSION vector');
  if (content === 'installed') await install(pool, url);
  await pool.end();
  await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
  const { rows } = await admin.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY oid DESC OFFSET $2',
    [INSTALLED, KEPT_VERSIONS],
  );
  for (const { name } of rows) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function copyDatabase(server: string, template: string): Promise<TestDatabase> {
  const name = `reembed_test_${randomBytes(6).toString('hex')}`;
  // Copied as files: the default, a copy through WAL, takes half as long again.
  await withAdmin(server, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`));
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

/** With TEST_PGBOUNCER_URL, a PgBouncer in transaction mode in front of the server, commands use it wherever possible. */
function environmentOf(url: string): Record<string, string> {
  const pooler = process.env.TEST_PGBOUNCER_URL;
  if (!pooler) return { DATABASE_URL: url };
  return { DATABASE_URL: urlOf(pooler, new URL(url).pathname.slice(1)), DATABASE_DIRECT_URL: url };
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

// A new embedded database takes seconds to create and half a second to copy, so images are kept for all test files.
const IMAGES = new URL('../../node_modules/.cache/reembed-test/', import.meta.url);

async function findImage(content: Content): Promise<Uint8Array> {
  const file = new URL(`${pgliteVersion()}-${content === 'bare' ? 'bare' : `installed-${digestOfInstallation()}`}.tar`, IMAGES);
  if (existsSync(file)) return readFileSync(file);
  const image = await makeImage(content);
  mkdirSync(IMAGES, { recursive: true });
  // Renamed into place, because another test file may be looking for it at the same time.
  const unfinished = new URL(`${file.href}.${process.pid}`);
  writeFileSync(unfinished, image);
  renameSync(unfinished, file);
  removeOldImages();
  return image;
}

async function makeImage(content: Content): Promise<Uint8Array> {
  const embedded = await openEmbedded({
    directory: 'memory://',
    ...(content === 'bare' ? {} : { image: await findImage('bare') }),
  });
  const pool = createPool(embedded.url);
  if (content === 'bare') await pool.query('CREATE EXTENSION IF NOT EXISTS vector');
  else await install(pool, embedded.url);
  await pool.end();
  const image = await embedded.image();
  await embedded.close();
  return image;
}

function removeOldImages(): void {
  const images = readdirSync(IMAGES)
    .map((name) => new URL(name, IMAGES))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { file } of images.slice(2 * KEPT_VERSIONS)) rmSync(file, { force: true });
}

function pgliteVersion(): string {
  const lock = readFileSync(new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url), 'utf8');
  return (JSON.parse(lock) as { version: string }).version;
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
