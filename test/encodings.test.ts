import { randomBytes } from 'node:crypto';
import test from 'ava';
import pg from 'pg';
import { createWorkplace } from './harness/command.ts';
import { createOptions } from './harness/documents.ts';
import { assertRefused, fingerprint, type Refusal } from './harness/refusal.ts';

const server = process.env.TEST_DATABASE_URL;
const workplace = createWorkplace({ OPENAI_API_KEY: 'test' });
test.after.always(() => workplace.remove());

const CREATE = ['migrate', 'create', ...createOptions('documents', 'new', 4), '--no-probe'];

interface Odd extends Refusal {
  about: string;
  /** clauses of CREATE DATABASE */
  made: string;
  /** statements in the new database; {database} is its name */
  prepare: string;
}

const databases: Odd[] = [
  {
    about: 'of encoding LATIN1',
    made: "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    prepare: 'CREATE EXTENSION vector',
    code: 'encoding_not_utf8',
    says: /LATIN1/,
    remedy: /nothing was changed/,
  },
  {
    about: 'of encoding SQL_ASCII',
    made: "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    prepare: 'CREATE EXTENSION vector',
    code: 'encoding_not_utf8',
    says: /SQL_ASCII/,
    remedy: /UTF8/,
  },
  {
    about: 'where backslashes are escapes',
    made: "ENCODING 'UTF8' TEMPLATE template0",
    prepare: 'CREATE EXTENSION vector; ALTER DATABASE {database} SET standard_conforming_strings = off',
    code: 'non_standard_strings',
    says: /standard_conforming_strings/,
    remedy: /ALTER ROLE \S+ IN DATABASE \S+ SET standard_conforming_strings = on/,
  },
  {
    about: 'without the extension vector',
    made: "ENCODING 'UTF8' TEMPLATE template0",
    prepare: 'CREATE TABLE documents (id bigint PRIMARY KEY, content text, embedding text)',
    code: 'extension_missing',
    remedy: /CREATE EXTENSION vector/,
  },
];

for (const { about, made, prepare, ...refusal } of server ? databases : []) {
  test.serial(`create and up on a database ${about} refuse before they change anything`, async (t) => {
    const name = `odd_${randomBytes(4).toString('hex')}`;
    const admin = new pg.Pool({ connectionString: server, max: 1 });
    await admin.query(`CREATE DATABASE ${name} ${made}`);
    const url = Object.assign(new URL(server ?? ''), { pathname: `/${name}` }).href;
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    // The connection of a pool that ended may still be open when the database is dropped.
    pool.on('error', () => {});
    t.teardown(async () => {
      await pool.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    });
    await pool.query(prepare.replace('{database}', name));
    const before = await fingerprint(pool);
    for (const args of [['migrate', 'up'], CREATE]) assertRefused(t, await workplace.run(args, { DATABASE_URL: url }), refusal);
    t.deepEqual(await fingerprint(pool), before);
  });
}

if (server) {
  test.serial('sslmode=prefer and allow connect to a server without TLS', async (t) => {
    for (const mode of ['prefer', 'allow', 'prefer&uselibpqcompat=true']) {
      const { code, stderr } = await workplace.run(['status'], { DATABASE_URL: `${server}?sslmode=${mode}` });
      t.is(code, 0, `${mode}: ${stderr}`);
      t.notRegex(stderr, /WARNING/);
    }
    const { code, stderr } = await workplace.run(['status'], { DATABASE_URL: server, PGSSLMODE: 'prefer' });
    t.is(code, 0, stderr);
  });
} else {
  test('the embedded database has the encoding that is needed', async (t) => {
    const { code, stderr } = await workplace.run(['migrate', 'up'], { DATABASE_URL: 'embedded:' });
    t.is(code, 0, stderr);
  });
}
