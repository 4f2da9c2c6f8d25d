import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import type { Database } from '../src/database/connection.ts';
import { listMigrationFiles, MARKER, type MigrationFile } from '../src/database/migration-file.ts';
import { runMigrationFile } from '../src/database/migration-runner.ts';
import { asOnlyRunner } from '../src/database/runner-lock.ts';
import { until } from './harness/campaign.ts';
import { createTestDatabase, type TestDatabase } from './harness/database.ts';

/** Two runners of one database, and files that make tables: two at once, the last after two seconds. */
interface Scene {
  db: TestDatabase;
  one: Database;
  other: Database;
  first: MigrationFile;
  second: MigrationFile;
  slow: MigrationFile;
  notices: string[];
  run(database: Database, file: MigrationFile): Promise<void>;
  /** ends the server process that holds the lock of the only runner */
  cutLock(): Promise<void>;
  /** tables that the files have made */
  made(): Promise<string[]>;
}

async function withScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  const db = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'reembed-runner-'));
  ['first', 'second', 'slow'].forEach((name, i) => {
    const wait = name === 'slow' ? 'SELECT pg_sleep(2);' : '';
    const text = `${MARKER}\nexport const up = (pgm) => { pgm.sql('${wait} CREATE TABLE public.made_${name} ()'); };\n`;
    writeFileSync(join(directory, `2099010100000000${i}_${name}.1_expand.js`), text);
  });
  const [first, second, slow] = listMigrationFiles(directory).filter(({ campaign }) => campaign) as [
    MigrationFile,
    MigrationFile,
    MigrationFile,
  ];
  const open = (): Database => ({ pool: db.pool, url: db.url, embedded: false, directory, close: async () => {} });
  const notices: string[] = [];
  const holders = `SELECT a.pid FROM pg_stat_activity AS a WHERE a.application_name = 'pg-reembed runner' AND a.datname = current_database()`;
  try {
    await play({
      db,
      one: open(),
      other: open(),
      first,
      second,
      slow,
      notices,
      run: (database, file) => runMigrationFile(database, file, 'up', (line) => notices.push(line)),
      async cutLock() {
        await db.pool.query(`SELECT pg_terminate_backend(h.pid) FROM (${holders}) AS h`);
        await until(async () => (await db.pool.query(holders)).rowCount === 0, 'the end of the session with the lock');
      },
      async made() {
        const { rows } = await db.pool.query("SELECT relname FROM pg_class WHERE relname LIKE 'made%' ORDER BY relname");
        return rows.map(({ relname }) => relname.replace('made_', ''));
      },
    });
  } finally {
    rmSync(directory, { recursive: true });
    await db.close();
  }
}

const assertHeld = (t: ExecutionContext, database: Database) =>
  t.throwsAsync(
    asOnlyRunner(database, async () => {}),
    { code: 'runner_busy' },
  );

// The embedded database has one session only.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

onServer('a runner whose lock was cut between two files takes it again where nobody else has it', (t) =>
  withScene(async ({ one, other, first, second, notices, run, cutLock, made }) => {
    await asOnlyRunner(one, async () => {
      await run(one, first);
      await cutLock();
      await run(one, second);
      await assertHeld(t, other);
    });
    t.deepEqual(await made(), ['first', 'second']);
    t.deepEqual(notices.filter((line) => line.includes('lock of this runner')).length, 1);
    await t.notThrowsAsync(
      asOnlyRunner(other, async () => {}),
      'the lock was not released',
    );
  }),
);

onServer('a runner whose lock was cut between two files stops where another runner has taken it', (t) =>
  withScene(async ({ one, other, first, second, run, cutLock, made }) => {
    let letGo = () => {};
    let taken: Promise<void> = Promise.resolve();
    const error = await t.throwsAsync<Error & { remedy: string }>(
      asOnlyRunner(one, async () => {
        await run(one, first);
        await cutLock();
        await new Promise<void>((hasLock) => {
          taken = asOnlyRunner(other, () => {
            hasLock();
            return new Promise((resolve) => {
              letGo = resolve;
            });
          });
        });
        await run(one, second);
      }),
      { code: 'runner_overtaken', message: /lock was lost, and another migration is already running \(server process \d+\)/ },
    );
    t.regex(error?.remedy ?? '', /nothing else was begun/);
    letGo();
    await taken;
    t.deepEqual(await made(), ['first']);
  }),
);

onServer('a runner whose lock was cut stops where another runner has come and gone', (t) =>
  withScene(async ({ one, other, first, second, slow, run, cutLock, made }) => {
    const running = asOnlyRunner(one, async () => {
      await run(one, first);
      await cutLock();
      await asOnlyRunner(other, () => run(other, slow));
      await run(one, second);
    });
    await t.throwsAsync(running, { code: 'runner_overtaken', message: /another migration has run/ });
    t.deepEqual(await made(), ['first', 'slow']);
  }),
);

onServer('while a file runs, no file of another runner begins, even where the lock was cut', (t) =>
  withScene(async ({ db, one, other, first, second, slow, run, cutLock, made }) => {
    const running = asOnlyRunner(one, async () => {
      await run(one, first);
      await run(one, slow);
    });
    await until(
      async () =>
        (
          await db.pool.query(
            "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(2)%' AND state = 'active' AND datname = current_database()",
          )
        ).rowCount === 1,
      'the slow file',
    );
    await cutLock();
    await t.throwsAsync(
      asOnlyRunner(other, () => run(other, second)),
      { code: 'runner_overtaken' },
    );
    await running;
    t.deepEqual(await made(), ['first', 'slow']);
  }),
);

onServer('idle_session_timeout does not take the lock from a runner', (t) =>
  withScene(async ({ db, one, other }) => {
    const admin = new pg.Client(db.url);
    await admin.connect();
    await admin.query(`ALTER DATABASE ${new URL(db.url).pathname.slice(1)} SET idle_session_timeout = '500ms'`);
    await admin.end();
    await asOnlyRunner(one, async () => {
      await sleep(1500);
      await assertHeld(t, other);
    });
  }),
);

onServer('the connection of the lock does not idle', (t) =>
  withScene(async ({ db, one }) => {
    const lastQuery = async (): Promise<string> => {
      const { rows } = await db.pool.query(
        "SELECT query_start::text AS at FROM pg_stat_activity WHERE application_name = 'pg-reembed runner' AND datname = current_database()",
      );
      return rows[0].at;
    };
    await asOnlyRunner(one, async () => {
      const before = await lastQuery();
      await sleep(6000);
      t.not(await lastQuery(), before);
    });
  }),
);
