import anyTest, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { type Counts, type Deployment, type Side, startNode, startPython } from './clients/deployment.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { type PgBouncer, startPgBouncer } from './harness/pgbouncer.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Needs a server, PgBouncer in front of it, and a Python with psycopg (.ci/python psycopg) or with LangChain (.ci/python langchain).
const { TEST_DATABASE_URL, TEST_PGBOUNCER, TEST_PSYCOPG, TEST_LANGCHAIN } = process.env;
const onServer = TEST_DATABASE_URL && TEST_PGBOUNCER ? anyTest.serial : anyTest.serial.skip;
const withPsycopg = TEST_PSYCOPG ? onServer : anyTest.serial.skip;
const withLangChain = TEST_LANGCHAIN ? onServer : anyTest.serial.skip;

const OLD = { model: OLD_MODEL, dimensions: OLD_DIMENSIONS, first: 100_000 };
const NEW = { model: NEW_MODEL, dimensions: NEW_DIMENSIONS, first: 200_000 };
const ROLES = { old: `deployed_old_${process.pid}`, new: `deployed_new_${process.pid}`, live: `deployed_live_${process.pid}` };

let stage: Stage;
let bouncer: PgBouncer;

anyTest.beforeEach(async () => {
  if (!TEST_DATABASE_URL || !TEST_PGBOUNCER) return;
  [stage, bouncer] = await Promise.all([createStage(), startPgBouncer(TEST_PGBOUNCER)]);
});
anyTest.afterEach.always(async () => {
  await bouncer?.close();
  for (const role of Object.values(ROLES)) await stage?.db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => {});
  await stage?.close();
});

/** A role whose stored search_path names a schema; returns its URL, through PgBouncer or direct. */
async function deploymentUrl(role: string, schema: string, isPooled: boolean): Promise<string> {
  const { pool, url } = stage.db;
  const database = new URL(url).pathname.slice(1);
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-this-test'`);
  await pool.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  await pool.query(`ALTER ROLE ${role} IN DATABASE "${database}" SET search_path = ${schema}, public`);
  await pool.query('SELECT reembed.replace_views(t.name) FROM reembed.target AS t');
  const own = Object.assign(new URL(isPooled ? bouncer.pooled(url) : url), { username: role, password: 'only-for-this-test' });
  return own.href;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether a switch took place. One that gets no lock within 0.3 s, or finds its gate closed by rows just written, changes nothing. */
async function switchTo(target: string, model: string): Promise<boolean> {
  try {
    await stage.db.pool.query('SELECT reembed.switch_to($1, $2)', [target, model]);
    return true;
  } catch (error) {
    if (!['55P03', 'RE001'].includes((error as { code?: string }).code ?? '')) throw error;
    return false;
  }
}

/** Switch, rollback and switch, while the deployments run; workers embed what they write. */
async function throughSwitches(campaign: string, target: string, milliseconds: number): Promise<void> {
  let isOver = false;
  const workers = (async () => {
    while (!isOver) {
      // A worker tries again after a lock timeout, of which a switch may be the cause.
      await stage.work().catch((error) => {
        if (error.code !== '55P03') throw error;
      });
      await pause(100);
    }
  })();
  try {
    await pause(milliseconds);
    await stage.pass(campaign);
    for (const model of [NEW_MODEL, OLD_MODEL, NEW_MODEL]) {
      await until(() => switchTo(target, model), `a switch to ${model}`, 120);
      await pause(milliseconds);
    }
  } finally {
    isOver = true;
    await workers;
  }
}

function withoutErrors(t: ExecutionContext, name: string, { writes, searches, misses, errors }: Counts): void {
  t.log(`${name}: ${writes} writes, ${searches} searches, ${misses} misses, ${errors.length} errors`);
  t.deepEqual(errors.slice(0, 3), [], name);
  t.true(writes > 20, `${name}: ${writes} writes`);
  t.is(misses, 0, `${name}: searches that did not find the row just written`);
}

for (const isPooled of [false, true]) {
  withPsycopg(
    `two deployments, one for each model, write and search ${isPooled ? 'through PgBouncer' : 'directly'} without an error through switch, rollback and switch`,
    async (t) => {
      const { pool } = stage.db;
      await createDocuments(pool, 200);
      const campaign = await stage.createUsual();
      await stage.bring(campaign, 'index');
      const [old, next] = [
        await deploymentUrl(ROLES.old, 'reembed_old_model', isPooled),
        await deploymentUrl(ROLES.new, 'reembed_new_model', isPooled),
      ];
      const python = (url: string, side: Side) => startPython(TEST_PSYCOPG ?? '', 'psycopg', url, stage.provider.url, side);
      const deployments: Record<string, Deployment> = {
        'psycopg, old': await python(old, OLD),
        'psycopg, new': await python(next, NEW),
        'pg, old': startNode(old, { ...OLD, first: 110_000 }),
        'pg, new': startNode(next, { ...NEW, first: 210_000 }),
      };
      for (const { end } of Object.values(deployments)) t.teardown(end);
      await throughSwitches(campaign, 'documents', 1500);
      for (const [name, deployment] of Object.entries(deployments)) withoutErrors(t, name, await deployment.end());
      await stage.work();
      t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    },
  );
}

withPsycopg('an application on reembed_live that asks for the live model has no error through switch, rollback and switch', async (t) => {
  await createDocuments(stage.db.pool, 200);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  const url = await deploymentUrl(ROLES.live, 'reembed_live', true);
  const client = new pg.Pool({ connectionString: url, max: 2 });
  let isOver = false;
  let rounds = 0;
  const running = (async () => {
    while (!isOver) {
      const model = (await client.query("SELECT reembed.active_model('documents') AS model")).rows[0].model;
      // Dimensions differ: a switch in between makes the search fail, as a search with any vector of the other model.
      await client.query('SELECT content FROM documents WHERE id = $1', [1 + (rounds % 200)]);
      await client.query('UPDATE documents SET content = content WHERE id = $1', [1 + (rounds % 200)]);
      if (model) rounds++;
    }
  })();
  await throughSwitches(campaign, 'documents', 500);
  isOver = true;
  await t.notThrowsAsync(running);
  await client.end();
  t.true(rounds > 20);
});

/** A table of LangChain's own with forty texts of the old model, and a campaign on it whose index is built. */
async function campaignOf(table: string, text: string, client: string, url: string): Promise<string> {
  const filling = await startPython(TEST_LANGCHAIN ?? '', client, url, stage.provider.url, { ...OLD, first: 1000, schema: 'public' });
  await pause(2000);
  const filled = await filling.end();
  if (filled.errors.length > 0) throw new Error(filled.errors[0]);
  await stage.db.pool.query(`CREATE INDEX ON ${table} USING hnsw (embedding vector_cosine_ops)`);
  const campaign = await stage.draft({ table, text: [text] });
  await stage.bring(campaign, 'index');
  return campaign;
}

for (const [client, table, text] of [
  ['langchain', 'langchain_pg_embedding', 'document'],
  ['langchain-store', 'chunks', 'content'],
] as const) {
  withLangChain(`two deployments of ${client}, one for each model, have no error through switch, rollback and switch`, async (t) => {
    const campaign = await campaignOf(table, text, client, stage.db.url);
    const [old, next] = [
      await deploymentUrl(ROLES.old, 'reembed_old_model', true),
      await deploymentUrl(ROLES.new, 'reembed_new_model', true),
    ];
    const start = (url: string, side: Side) => startPython(TEST_LANGCHAIN ?? '', client, url, stage.provider.url, side);
    const deployments = {
      'old model': await start(old, { ...OLD, schema: 'reembed_old_model' }),
      'new model': await start(next, { ...NEW, schema: 'reembed_new_model' }),
    };
    for (const { end } of Object.values(deployments)) t.teardown(end);
    await throughSwitches(campaign, table, 2000);
    for (const [name, deployment] of Object.entries(deployments)) withoutErrors(t, `${client}, ${name}`, await deployment.end());
    await stage.work();
    const { rows } = await stage.db.pool.query(`SELECT count(*)::int AS n FROM ${table} WHERE embedding IS NULL OR embedding_v2 IS NULL`);
    t.is(rows[0].n, 0);
  });
}
