import { randomBytes } from 'node:crypto';
import test from 'ava';
import pg from 'pg';
import { createWorkplace } from './harness/command.ts';
import { createOptions } from './harness/documents.ts';
import { assertPresentable, assertRefused, type Refusal, SECRETS } from './harness/refusal.ts';

const [, , PASSWORD] = SECRETS;
const server = process.env.TEST_DATABASE_URL;
const workplace = createWorkplace({});
test.after.always(() => workplace.remove());

const cases: (Refusal & { about: string; url: string })[] = [
  { about: 'that is set but empty', url: '', code: 'usage', exit: 'usage', says: /DATABASE_URL is set but empty/, remedy: /unset it/ },
  {
    about: 'that is no address',
    url: 'my database',
    code: 'usage',
    exit: 'usage',
    says: /DATABASE_URL is not a connection string/,
    remedy: /postgres:\/\//,
  },
  { about: 'of another kind of server', url: `mysql://root:${PASSWORD}@localhost/shop`, code: 'usage', exit: 'usage' },
  { about: 'with a port that is none', url: `postgres://app:${PASSWORD}@localhost:99999/shop`, code: 'usage', exit: 'usage' },
  {
    about: 'whose server does not run',
    url: `postgres://app:${PASSWORD}@127.0.0.1:54399/shop`,
    code: 'database_unreachable',
    says: /127\.0\.0\.1:54399\/shop/,
    remedy: /check DATABASE_URL/,
  },
  {
    about: 'whose host is not known',
    url: `postgres://app:${PASSWORD}@nowhere.invalid/shop`,
    code: 'database_unreachable',
    says: /nowhere\.invalid/,
  },
];

for (const { about, url, ...refusal } of cases) {
  test(`a DATABASE_URL ${about} is refused`, async (t) => {
    assertRefused(t, await workplace.run(['migrate', 'up'], { DATABASE_URL: url }), refusal);
  });
}

if (server) {
  /** The address of the test server with parts of it changed. */
  const address = (parts: Partial<Pick<URL, 'username' | 'password' | 'pathname'>>) => Object.assign(new URL(server), parts).href;

  test('a wrong password is refused without being shown', async (t) => {
    const result = await workplace.run(['migrate', 'up'], { DATABASE_URL: address({ password: PASSWORD }) });
    assertRefused(t, result, { code: 'login_refused', says: /password authentication failed/, remedy: /user and password/ });
  });

  test('a role that does not exist is refused', async (t) => {
    const result = await workplace.run(['setting'], { DATABASE_URL: address({ username: 'nobody_at_all', password: PASSWORD }) });
    assertRefused(t, result, { code: 'login_refused' });
  });

  test('a database that does not exist is named', async (t) => {
    const result = await workplace.run(['worker', '--drain'], { DATABASE_URL: address({ pathname: '/no_such_shop' }) });
    assertRefused(t, result, { code: 'no_such_database', says: /no_such_shop/, remedy: /create it/ });
  });

  test('a database without pgvector, a role without rights and a read-only server are refused with the remedy', async (t) => {
    const name = `reembed_bad_${randomBytes(5).toString('hex')}`;
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}; `);
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'`);
    const database = { pathname: `/${name}` };
    const create = ['migrate', 'create', ...createOptions('documents', 'm', 3), '--no-probe'];
    const inside = new pg.Client({ connectionString: address(database) });
    await inside.connect();
    try {
      await inside.query('CREATE TABLE documents (id int PRIMARY KEY, content text, embedding real[])');
      assertRefused(t, await workplace.run(create, { DATABASE_URL: address(database) }), {
        code: 'extension_missing',
        remedy: /CREATE EXTENSION vector/,
      });

      await inside.query(
        "CREATE EXTENSION vector; DROP TABLE documents; CREATE TABLE documents (id int PRIMARY KEY, content text, embedding vector(3)); INSERT INTO documents VALUES (1, 'a', '[1,2,3]')",
      );
      const stranger = { DATABASE_URL: address({ ...database, username: name, password: PASSWORD }) };
      assertRefused(t, await workplace.run(create, stranger), { code: 'cannot_act_as_owner', says: /documents/, remedy: /^GRANT/ });
      assertRefused(t, await workplace.run(['migrate', 'up'], stranger), { code: 'missing_right', remedy: /grant the right/ });

      await inside.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      assertRefused(t, await workplace.run(['migrate', 'up'], { DATABASE_URL: address(database) }), {
        code: 'server_refused',
        says: /read-only/,
      });
      t.is((await inside.query("SELECT to_regnamespace('reembed') AS schema")).rows[0].schema, null, 'nothing was installed');
    } finally {
      await inside.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.query(`DROP ROLE ${name}`);
      await admin.end();
    }
  });
}

test('the embedded database says so when its folder cannot be made', async (t) => {
  const result = await workplace.run(['migrate', 'up'], { REEMBED_DIR: '/dev/null/folder' });
  assertRefused(t, result, { code: 'embedded_not_started', remedy: /DATABASE_URL/ });
  assertPresentable(t, result);
});
