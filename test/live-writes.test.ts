import test from 'ava';
import type pg from 'pg';
import { applicationWrites, runWrites } from './harness/application-writes.ts';
import { changeLog } from './harness/catalog.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 400);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const PHASES_OF_WRITES = [
  ['before the backfill', 'expand', 10_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['before the switch', 'index', 20_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['after the switch', 'switch', 30_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['after contract', 'contract', 40_000, { newColumn: 'embedding' }],
] as const;

for (const [when, phase, at, columns] of PHASES_OF_WRITES) {
  test.serial(`${when} every kind of write ends with right vectors of every model`, async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, phase);
    const { any, withOldVector } = applicationWrites(at);
    await runWrites(pool, phase === 'contract' ? any : { ...any, ...withOldVector });
    if (phase === 'expand') {
      await stage.bring(campaign, 'backfill');
    }
    await stage.work();
    t.deepEqual(await wrongRows(pool, columns), []);
    t.is((await pool.query('SELECT FROM reembed.change')).rowCount, 0);
  });
}

test.serial('back from contract the rows written since have vectors of both models again', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

for (const [phase, served, unserved] of [
  ['index', 'embedding', 'embedding_v2'],
  ['switch', 'embedding_v2', 'embedding'],
] as const) {
  test.serial(`in phase ${phase} a changed row keeps the vectors of both models until a worker brings the new ones`, async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, phase);
    const read = async (client: pg.PoolClient) =>
      (
        await client.query(
          `SELECT ${served}::text AS served, ${unserved}::text AS unserved, embedding_v2_model_version AS version FROM documents WHERE id = 30`,
        )
      ).rows[0];
    const client = await pool.connect();
    const before = await read(client);
    t.truthy(before.unserved);
    await client.query('BEGIN');
    await client.query(`UPDATE documents SET content = 'seen within the transaction ${phase}' WHERE id = 30`);
    t.deepEqual(await read(client), before, 'a write of the application changes nothing but what it says');
    await client.query('ROLLBACK');
    t.deepEqual(await read(client), before);
    await client.query(`UPDATE documents SET content = 'changed for good ${phase}' WHERE id = 30`);
    t.deepEqual(await read(client), before);
    client.release();
    await stage.work();
    t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  });
}

test.serial('a write of other columns logs nothing and costs no request', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    'ALTER TABLE documents ADD COLUMN views integer NOT NULL DEFAULT 0; UPDATE documents SET views = views + 1; UPDATE documents SET content = content',
  );
  t.is((await pool.query('SELECT FROM reembed.change')).rowCount, 0);
});

test.serial('a changed text is embedded once however often it changed, and never when the row is gone', async (t) => {
  const { pool } = stage.db;
  for (let i = 0; i < 5; i++) await pool.query(`UPDATE documents SET content = 'version ${i}' WHERE id = 31`);
  await pool.query("UPDATE documents SET content = 'soon gone' WHERE id = 32; DELETE FROM documents WHERE id = 32");
  const sent = stage.provider.requests.length;
  await stage.work();
  const inputs = stage.provider.requests.slice(sent).flatMap(({ model, input }) => input.map((text) => `${model}: ${text}`));
  t.deepEqual(inputs.sort(), [`${NEW_MODEL}: version 4`, `${OLD_MODEL}: version 4`]);
});

test.serial('a change that is logged while earlier changes of the row are processed is kept', async (t) => {
  const { pool } = stage.db;
  const versions = async () =>
    (await pool.query<{ seq: string }>("SELECT seq::text FROM reembed.change WHERE key = '33' ORDER BY seq")).rows;
  await pool.query("UPDATE documents SET content = 'being served' WHERE id = 33");
  const served = (await versions()).map(({ seq }) => seq);
  await pool.query("UPDATE documents SET content = 'noted meanwhile' WHERE id = 33");
  t.is((await versions()).length, served.length + 1);
  for (const [isNew, isOld] of [
    [true, false],
    [false, true],
  ]) {
    await pool.query('SELECT reembed.settle_public_documents_embedding_fded1d($1, $2, $3)', [served, isNew, isOld]);
  }
  t.is((await versions()).length, 1);
  await stage.work();
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('an application that writes text and vector together keeps its own vector', async (t) => {
  const { pool } = stage.db;
  await pool.query("UPDATE documents SET content = 'mine', embedding = array_fill(0.25, ARRAY[16])::vector WHERE id = 33");
  await stage.work();
  const { rows } = await pool.query(
    'SELECT embedding = array_fill(0.25, ARRAY[16])::vector AS mine, embedding_v2 IS NOT NULL AS new FROM documents WHERE id = 33',
  );
  t.deepEqual(rows, [{ mine: true, new: true }]);
});

test.serial('rows with an unrecorded missing old vector block the rollback until a worker has embedded them', async (t) => {
  const { pool } = stage.db;
  await pool.query(`UPDATE documents SET embedding = NULL WHERE id IN (33, 36); TRUNCATE ${await changeLog(pool)}`);
  for (const attempt of ['first', 'second']) {
    const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
    t.is(code, 3, attempt);
    t.regex(stderr, /searches would not find 2 rows: they have no vector of the old model/);
  }
  await stage.work();
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.is((await stage.workplace.run(['migrate', 'down'])).code, 0);
  await stage.bring(campaign, 'switch');
});

test.serial(
  'when the old model can no longer be called, a changed row still loses its outdated vector, and the way back counts it',
  async (t) => {
    const { pool } = stage.db;
    await pool.query('UPDATE reembed.setting SET keep_old_current = false');
    await pool.query(
      "UPDATE documents SET content = 'nobody can embed this with the old model' WHERE id IN (34, 35); INSERT INTO documents (content) VALUES ('new')",
    );
    await stage.work();
    t.deepEqual(await wrongRows(pool, { newColumn: 'embedding_v2' }), []);
    t.is((await pool.query('SELECT FROM documents WHERE id IN (34, 35) AND embedding IS NULL')).rowCount, 2);
    const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
    t.is(code, 3);
    t.regex(stderr, /searches would not find 3 rows/);
    t.is((await stage.workplace.run(['migrate', 'down', '--accept-missing'])).code, 0);
  },
);
