import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { until } from './harness/campaign.ts';
import { BUILD_SETTINGS, buildsInParallel, INDEX, isValid, prepare, settingsElsewhere } from './harness/index-build.ts';
import type { Stage } from './harness/stage.ts';

test('a build whose end was not recorded is not counted as running until the next run', async (t) => {
  const { stage, campaign } = await prepare(t);
  await stage.bring(campaign, 'index');
  await stage.db.pool.query("DELETE FROM reembed.event WHERE kind = 'index_build' AND to_value IS NOT NULL");
  await stage.db.pool.query("UPDATE reembed.campaign SET phase = 'backfill'");
  await stage.db.pool.query("DELETE FROM reembed.schema_migration WHERE name LIKE '%3_index'");
  await stage.up(1);
  const { rows } = await stage.db.pool.query(
    "SELECT to_value, reason FROM reembed.event WHERE kind = 'index_build' ORDER BY id DESC LIMIT 1",
  );
  t.deepEqual(rows, [{ to_value: 'unknown', reason: `index ${INDEX} was built by a run that was interrupted` }]);
});

// The embedded database has one session: nobody can delay a build, or observe one.
if (process.env.TEST_DATABASE_URL) {
  /** A session of its own with a transaction open, in which `statements` ran. */
  const holdOpen = async (t: ExecutionContext, stage: Stage, ...statements: string[]): Promise<{ client: pg.Client; pid: number }> => {
    const client = new pg.Client({ connectionString: stage.db.url, application_name: 'nightly report' });
    t.teardown(() => client.end());
    client.on('error', () => {});
    await client.connect();
    for (const statement of statements) await client.query(statement);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return { client, pid: rows[0]?.pid ?? 0 };
  };

  interface Build {
    index: string;
    phase: string;
    percent: string | null;
    waiting_for: string | null;
    predicted: unknown;
    pid: number;
  }

  /** Waits for a row of reembed.index_build. */
  const seeBuild = async ({ db }: Stage, condition: string): Promise<Build> => {
    let seen: Build | undefined;
    await until(async () => {
      const { rows } = await db.pool.query<Build>(`SELECT * FROM reembed.index_build WHERE ${condition}`);
      seen = rows[0];
      return seen !== undefined;
    }, condition);
    return seen as Build;
  };

  test.serial('a build that an open transaction holds up names it in reembed.index_build, in status and on the terminal', async (t) => {
    const { stage } = await prepare(t);
    const old = await holdOpen(t, stage, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT count(*) FROM reembed.model');
    const child = stage.workplace.start(['migrate', 'up', '1']);
    let talk = '';
    child.stderr?.on('data', (chunk) => {
      talk += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const build = await seeBuild(stage, `waiting_for LIKE 'process ${old.pid} %'`);
    t.is(build.index, INDEX);
    t.is(build.phase, 'waiting for old snapshots');
    t.regex(build.waiting_for ?? '', new RegExp(`^process ${old.pid} \\(nightly report, \\w+\\), in transaction since \\d{4}-`));
    t.not(build.predicted, null);
    const status = await stage.workplace.run(['status']);
    t.regex(status.stdout, new RegExp(`index +${INDEX}: waits for process ${old.pid} `));
    await until(() => talk.includes(`waits for process ${old.pid} (nightly report`), 'the line of the build');
    await old.client.query('COMMIT');
    t.is(await ended, 0, talk);
    t.true(await isValid(stage));
    const { rows } = await stage.db.pool.query('SELECT FROM reembed.index_build');
    t.is(rows.length, 0);
  });

  test.serial('a build that waits for the table says who has it', async (t) => {
    const { stage } = await prepare(t);
    const other = await holdOpen(t, stage, 'BEGIN', 'LOCK TABLE documents IN SHARE UPDATE EXCLUSIVE MODE');
    const ended = stage.workplace.run(['migrate', 'up', '1']);
    const build = await seeBuild(stage, `waiting_for LIKE 'process ${other.pid} %'`);
    t.is(build.phase, 'waiting for a lock on the table');
    await other.client.query('COMMIT');
    t.is((await ended).code, 0);
  });

  test.serial('a build shows how far it is while it goes through the table', async (t) => {
    const { stage } = await prepare(t);
    await stage.db.pool.query(`ALTER TABLE documents DISABLE TRIGGER USER;
      INSERT INTO documents (content, embedding, embedding_v2, embedding_v2_model_version)
      SELECT 'text', NULL, ARRAY(SELECT random() + n * 0 FROM generate_series(1, 24))::vector, 'new-model' FROM generate_series(1, 20000) AS n`);
    const ended = stage.workplace.run(['migrate', 'up', '1']);
    const first = await seeBuild(
      stage,
      "phase = 'building index: loading tuples' AND percent > 0 AND percent < 100 AND blocks_done < blocks_total",
    );
    const later = await seeBuild(stage, `percent > ${first.percent} OR phase LIKE 'index validation%'`);
    t.is(later.pid, first.pid);
    t.is((await ended).code, 0);
  });

  test.serial('without enough shared memory for parallel workers the index is built without them', async (t) => {
    const { stage } = await prepare(t);
    // More than any machine has: a parallel build takes all of it at once.
    await stage.db.pool.query(`ALTER DATABASE ${new URL(stage.db.url).pathname.slice(1)} SET maintenance_work_mem = '2047GB'`);
    await stage.db.pool.query(`ALTER DATABASE ${new URL(stage.db.url).pathname.slice(1)} SET min_parallel_table_scan_size = 0`);
    const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1']);
    t.is(code, 0, stderr);
    t.true(await isValid(stage));
    // A version that must not build in parallel does not get there.
    if (!(await buildsInParallel(stage))) return t.regex(stderr, /CVE-2026-3172\); this build uses no parallel workers/);
    t.regex(stderr, /too little shared memory for parallel workers .*: building without them/);
    t.regex(stderr, new RegExp(`index ${INDEX} was left INVALID by an earlier build`));
    t.regex(stderr, /no parallel workers/);
  });

  test.serial('a graph that does not fit is said to take at least so long, and how much memory it needs', async (t) => {
    const { stage } = await prepare(t);
    await stage.db.pool.query(`ALTER DATABASE ${new URL(stage.db.url).pathname.slice(1)} SET maintenance_work_mem = '1MB'`);
    const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1'], { REEMBED_INDEX_MEMORY: '2MB' });
    t.is(code, 0, stderr);
    t.regex(stderr, /: 2\.0 MB of memory, .*, predicted at least [\d.]+ s/);
    t.regex(stderr, /needs [\d.]+ .B of memory but may use only 2\.0 MB.*REEMBED_INDEX_MEMORY=\d+MB/);
    t.regex(stderr, /built in [\d.]+ s \(predicted at least [\d.]+ s\)/);
  });

  test.serial('memory and workers that a DBA set higher stay, and RESET brings back what was', async (t) => {
    const { stage, campaign } = await prepare(t);
    const database = new URL(stage.db.url).pathname.slice(1);
    await stage.db.pool.query(`ALTER DATABASE ${database} SET maintenance_work_mem = '1GB'`);
    await stage.db.pool.query(`ALTER DATABASE ${database} SET max_parallel_maintenance_workers = 5`);
    const { client } = await holdOpen(t, stage);
    const before = await client.query('SELECT name, setting, source FROM pg_settings WHERE name = ANY ($1) ORDER BY name', [
      BUILD_SETTINGS,
    ]);
    await client.query('SELECT reembed.prepare_index_build($1, $2, $3)', [campaign, INDEX, 'hnsw']);
    const { rows } = await client.query(
      "SELECT current_setting('maintenance_work_mem') AS memory, current_setting('max_parallel_maintenance_workers') AS workers",
    );
    t.deepEqual(rows, [{ memory: '1GB', workers: (await buildsInParallel(stage)) ? '5' : '0' }]);
    await client.query(BUILD_SETTINGS.map((name) => `RESET ${name}`).join('; '));
    const after = await client.query('SELECT name, setting, source FROM pg_settings WHERE name = ANY ($1) ORDER BY name', [BUILD_SETTINGS]);
    t.deepEqual(after.rows, before.rows);
  });

  test.serial('a large table gets memory and parallel workers even where its vectors are stored out of line', async (t) => {
    const { stage, campaign } = await prepare(t);
    // What counts are rows with a vector and their dimensions; so few rows need many dimensions.
    await stage.db.pool.query("UPDATE reembed.model SET dimensions = 400000 WHERE name = 'new-model'");
    const database = new URL(stage.db.url).pathname.slice(1);
    await stage.db.pool.query(`ALTER DATABASE ${database} SET maintenance_work_mem = '1MB'`);
    const { client } = await holdOpen(t, stage);
    const prepared = client.query('SELECT reembed.prepare_index_build($1, $2, $3, $4)', [campaign, INDEX, 'ivfflat', 'lists = 3']);
    await prepared;
    const { rows } = await client.query<{ memory: string; scan: string }>(
      "SELECT pg_size_bytes(current_setting('maintenance_work_mem'))::text AS memory, current_setting('min_parallel_table_scan_size') AS scan",
    );
    t.true(Number(rows[0]?.memory) > 64 * 1024 ** 2, rows[0]?.memory);
    t.is(rows[0]?.scan, '0');
  });

  test.serial('a build whose session is ended leaves the settings of nobody changed', async (t) => {
    const { stage } = await prepare(t);
    const before = await settingsElsewhere(stage);
    const old = await holdOpen(t, stage, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT count(*) FROM reembed.model');
    const ended = stage.workplace.run(['migrate', 'up', '1']);
    const { pid } = await seeBuild(stage, `waiting_for LIKE 'process ${old.pid} %'`);
    await stage.db.pool.query('SELECT pg_terminate_backend($1)', [pid]);
    t.is((await ended).code, 1);
    await old.client.query('COMMIT');
    await sleep(100);
    t.deepEqual(await settingsElsewhere(stage), before);
    const { rowCount } = await stage.db.pool.query(
      'SELECT FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase WHERE d.datname = current_database()',
    );
    t.is(rowCount, 0);
    t.is((await stage.workplace.run(['migrate', 'up', '1'])).code, 0);
    t.true(await isValid(stage));
  });
}
