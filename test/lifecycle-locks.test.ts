import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { listMigrationFiles } from '../src/database/migration-file.ts';
import { compareCatalogs, dumpCatalog } from './harness/catalog.ts';
import type { CommandResult } from './harness/command.ts';
import { createDocuments } from './harness/documents.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

const OWN_MIGRATIONS = listMigrationFiles('no-campaigns').length;

/** A stage with the schema in place and the files of a campaign on documents. */
async function prepare(t?: ExecutionContext): Promise<{ stage: Stage; campaign: string }> {
  const stage = await createBareStage();
  t?.teardown(() => stage.close());
  await createDocuments(stage.db.pool, 50);
  return { stage, campaign: await stage.createUsual() };
}

/** A session of its own, with a transaction open in which `statement` ran. */
async function holdOpen(t: ExecutionContext | undefined, stage: Stage, statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stage.db.url });
  t?.teardown(() => client.end());
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  return client;
}

/** Waits until a question is answered with true. */
async function until(stage: Stage, question: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { rows } = await stage.db.pool.query<{ yes: boolean }>(`SELECT (${question}) AS yes`);
    if (rows[0]?.yes) return;
    await sleep(50);
  }
  throw new Error(`never true: ${question}`);
}

test('no lock_timeout or statement_timeout is left behind in a session that steers by SQL', async (t) => {
  const { stage, campaign } = await prepare(t);
  await stage.bring(campaign, 'switch');
  const client = await stage.db.pool.connect();
  const timeouts = async () =>
    (await client.query("SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement")).rows;
  const before = await timeouts();
  await client.query("SELECT reembed.switch_to('documents', 'old-model'), reembed.switch_to('documents', 'new-model')");
  await client.query("UPDATE reembed.setting SET read_model = 'old-model'");
  t.deepEqual(await timeouts(), before);
  client.release();
  await stage.bring(campaign, 'backfill');
  await stage.bring(campaign, 'index');
  const { rows } = await stage.db.pool.query("SELECT setting, source FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout')");
  t.deepEqual(rows, Array(2).fill({ setting: '0', source: 'default' }));
});

// The embedded database has one transaction at a time: nobody ever holds a lock against another there.
if (process.env.TEST_DATABASE_URL) {
  let givingUp: { stage: Stage; holder: pg.Client; before: string[]; ended: Promise<CommandResult> };

  // Half a minute of patience, during which the other tests run.
  test.before(async () => {
    const { stage } = await prepare();
    await stage.up(OWN_MIGRATIONS);
    const before = await dumpCatalog(stage.db.pool);
    const holder = await holdOpen(undefined, stage, 'SELECT count(*) FROM documents');
    givingUp = { stage, holder, before, ended: stage.workplace.run(['migrate', 'up']) };
  });
  test.after.always(async () => {
    await givingUp?.holder.end();
    await givingUp?.stage.close();
  });

  test.serial('up tries again while another session holds the table, and goes on when it lets go', async (t) => {
    const { stage } = await prepare(t);
    const reader = await holdOpen(t, stage, 'SELECT count(*) FROM documents');
    const child = stage.workplace.start(['migrate', 'up', String(OWN_MIGRATIONS + 1)]);
    let talk = '';
    child.stderr?.on('data', (chunk) => {
      talk += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (!talk.includes('try 2 of 10') && child.exitCode === null) await sleep(50);
    await reader.query('COMMIT');
    t.is(await ended, 0, talk);
    t.regex(talk, /1_expand: a lock was not granted in time \(try 1 of 10\); rolled back/);
    t.regex(talk, /up {3}\d+_documents_to_new_model\.1_expand/);
  });

  test.serial('searches and writes of others go on while up waits for its lock', async (t) => {
    const { stage } = await prepare(t);
    await stage.up(OWN_MIGRATIONS);
    const reader = await holdOpen(t, stage, 'SELECT count(*) FROM documents');
    const done = stage.workplace.run(['migrate', 'up', '1']);
    await until(
      stage,
      "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pg-reembed migrate' AND datname = current_database() AND wait_event_type = 'Lock')",
    );
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedAt = Date.now();
      await stage.db.pool.query('SELECT count(*) FROM documents');
      await stage.db.pool.query("UPDATE documents SET content = content || '.' WHERE id = 1");
      waits.push(Date.now() - startedAt);
      await sleep(20);
    }
    t.true(Math.max(...waits) < 900, `longest wait ${Math.max(...waits)} ms`);
    await reader.query('COMMIT');
    t.is((await done).code, 0);
  });

  test.serial('a cancelled index build leaves an INVALID index, and the next up drops it and builds it again', async (t) => {
    const { stage, campaign } = await prepare(t);
    await stage.bring(campaign, 'backfill');
    await stage.work();
    // A concurrent build waits for older transactions: as good as a long build.
    const old = await holdOpen(t, stage, 'DECLARE snapshot CURSOR FOR SELECT 1 FROM reembed.model');
    const failing = stage.workplace.run(['migrate', 'up', '1']);
    await until(stage, "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('documents_embedding_v2_idx') AND NOT indisvalid)");
    await stage.db.pool.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg-reembed migrate' AND datname = current_database()",
    );
    const failed = await failing;
    t.is(failed.code, 1, failed.stderr);
    t.regex(failed.stderr, /cancel/);
    await old.query('COMMIT');
    const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1']);
    t.is(code, 0, stderr);
    t.regex(stderr, /documents_embedding_v2_idx was left INVALID/);
    await until(stage, "(SELECT indisvalid FROM pg_index WHERE indexrelid = 'documents_embedding_v2_idx'::regclass)");
  });

  test.serial('a statement_timeout meant for the application does not cut off an index build', async (t) => {
    const { stage, campaign } = await prepare(t);
    await stage.bring(campaign, 'backfill');
    await stage.work();
    const old = await holdOpen(t, stage, 'DECLARE snapshot CURSOR FOR SELECT 1 FROM reembed.model');
    await stage.db.pool.query(`ALTER DATABASE ${new URL(stage.db.url).pathname.slice(1)} SET statement_timeout = '700ms'`);
    const building = stage.workplace.run(['migrate', 'up', '1']);
    await until(stage, "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('documents_embedding_v2_idx') AND NOT indisvalid)");
    await sleep(1500);
    await old.query('COMMIT');
    const { code, stderr } = await building;
    t.is(code, 0, stderr);
  });

  test.serial('up gives up after ten tries and has changed nothing', async (t) => {
    const { stage, before, ended } = givingUp;
    const { code, stderr } = await ended;
    t.is(code, 1, stderr);
    t.is([...stderr.matchAll(/a lock was not granted in time \(try \d+ of 10\)/g)].length, 10);
    t.regex(stderr, /\[lock_not_available\] - nothing was changed/);
    t.deepEqual(compareCatalogs(before.filter(isOurs), (await dumpCatalog(stage.db.pool)).filter(isOurs)), []);
  });
}

/** Lines that a refused file could have changed; the functions are put in place before it runs. */
function isOurs(line: string): boolean {
  return !line.startsWith('routine') && !line.startsWith('view') && !line.includes('reembed.');
}
