import test from 'ava';
import type pg from 'pg';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 400);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const old = (text: string) => `'${vectorText(vectorOf(OLD_MODEL, text, OLD_DIMENSIONS))}'`;

/**
 * Everything an application may do to the table, each on rows of its own; numbers from `at` on are free. The second part
 * knows the old model and writes its vectors, which an application can do until contract.
 */
function writes(at: number): { any: Record<string, string>; withOldVector: Record<string, string> } {
  return {
    any: {
      'insert without a vector': `INSERT INTO documents (id, content) VALUES (${at}, 'inserted ${at}')`,
      'insert of a row without text': `INSERT INTO documents (id, content) VALUES (${at + 1}, NULL), (${at + 2}, '  ')`,
      'update of the text': `UPDATE documents SET content = 'changed ${at}' WHERE id IN (1, 2)`,
      'update that changes nothing': 'UPDATE documents SET content = content WHERE id IN (3, 4)',
      'upsert that inserts': `INSERT INTO documents (id, content) VALUES (${at + 3}, 'upserted') ON CONFLICT (id) DO UPDATE SET content = excluded.content`,
      'upsert that updates': `INSERT INTO documents (id, content) VALUES (5, 'upserted over ${at}') ON CONFLICT (id) DO UPDATE SET content = excluded.content`,
      delete: `DELETE FROM documents WHERE id = ${(at % 97) + 50}`,
      'change of a key': `UPDATE documents SET id = ${at + 4} WHERE id = ${(at % 89) + 200}`,
      'change of text and key at once': `UPDATE documents SET id = ${at + 5}, content = 'moved ${at}' WHERE id = ${(at % 83) + 300}`,
      'change of a text and then of its key': `UPDATE documents SET content = 'first ${at}' WHERE id = ${at + 4}; UPDATE documents SET id = ${at + 6} WHERE id = ${at + 4}`,
      'delete and insert under the same key': `DELETE FROM documents WHERE id = 6; INSERT INTO documents (id, content) VALUES (6, 'again ${at}')`,
      'text to NULL': 'UPDATE documents SET content = NULL WHERE id IN (7, 8)',
      'text to NULL and back in one transaction': `BEGIN; UPDATE documents SET content = NULL WHERE id = 9; UPDATE documents SET content = 'back ${at}' WHERE id = 9; COMMIT`,
      'text from NULL': `UPDATE documents SET content = 'no more null ${at}' WHERE id = 7`,
      'blank text of every kind': `UPDATE documents SET content = E' \\t\\r\\n' WHERE id = 10; UPDATE documents SET content = E'\\u00a0' WHERE id = 11`,
      'change that is rolled back':
        "BEGIN; UPDATE documents SET content = 'never' WHERE id = 12; INSERT INTO documents (content) VALUES ('never'); ROLLBACK",
      'change there and back': `UPDATE documents SET content = 'there' WHERE id = 13; UPDATE documents SET content = '${textOf(13)}' WHERE id = 13`,
      'bulk insert': `INSERT INTO documents (id, content) SELECT ${at} + 1000 + i, 'bulk ' || i FROM generate_series(1, 100) AS i`,
    },
    withOldVector: {
      'insert with its vector': `INSERT INTO documents (id, content, embedding) VALUES (${at + 10}, 'own ${at}', ${old(`own ${at}`)})`,
      'text and vector in one statement': `UPDATE documents SET content = 'own text ${at}', embedding = ${old(`own text ${at}`)} WHERE id = 20`,
      'text first and vector later': `UPDATE documents SET content = 'later ${at}' WHERE id = 21; UPDATE documents SET embedding = ${old(`later ${at}`)} WHERE id = 21`,
      'vector alone': `UPDATE documents SET embedding = ${old(textOf(22))} WHERE id = 22`,
    },
  };
}

async function run(pool: pg.Pool, statements: Record<string, string>): Promise<void> {
  for (const [what, text] of Object.entries(statements)) {
    await pool.query(text).catch((error) => {
      throw new Error(`${what}: ${error.message}`);
    });
  }
}

const ROADS = [
  ['before the backfill', 'expand', 10_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['before the switch', 'index', 20_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['after the switch', 'switch', 30_000, { oldColumn: 'embedding', newColumn: 'embedding_v2' }],
  ['after contract', 'contract', 40_000, { newColumn: 'embedding' }],
] as const;

for (const [when, phase, at, columns] of ROADS) {
  test.serial(`${when} every kind of write ends with right vectors of every model`, async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, phase);
    const { any, withOldVector } = writes(at);
    await run(pool, phase === 'contract' ? any : { ...any, ...withOldVector });
    if (phase === 'expand') {
      await stage.bring(campaign, 'backfill');
    }
    await stage.work();
    t.deepEqual(await wrongRows(pool, columns), []);
    t.is((await pool.query('SELECT FROM reembed.stale_row')).rowCount, 0);
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
  test.serial(`in phase ${phase} a changed row loses the vector nobody reads at once and keeps the one being read`, async (t) => {
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
    t.deepEqual(await read(client), { served: before.served, unserved: null, version: unserved === 'embedding_v2' ? null : NEW_MODEL });
    await client.query('ROLLBACK');
    t.deepEqual(await read(client), before);
    await client.query(`UPDATE documents SET content = 'changed for good ${phase}' WHERE id = 30`);
    t.is((await read(client)).served, before.served);
    client.release();
    await stage.work();
    t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  });
}

test.serial('a write of other columns notes nothing and costs no request', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    'ALTER TABLE documents ADD COLUMN views integer NOT NULL DEFAULT 0; UPDATE documents SET views = views + 1; UPDATE documents SET content = content',
  );
  t.is((await pool.query('SELECT FROM reembed.stale_row')).rowCount, 0);
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

test.serial('an application that writes text and vector together keeps its own vector', async (t) => {
  const { pool } = stage.db;
  await pool.query("UPDATE documents SET content = 'mine', embedding = array_fill(0.25, ARRAY[16])::vector WHERE id = 33");
  await stage.work();
  const { rows } = await pool.query(
    'SELECT embedding = array_fill(0.25, ARRAY[16])::vector AS mine, embedding_v2 IS NOT NULL AS new FROM documents WHERE id = 33',
  );
  t.deepEqual(rows, [{ mine: true, new: true }]);
});

test.serial('rows whose old vector nobody noted as missing hold the way back up until a worker has brought it', async (t) => {
  const { pool } = stage.db;
  await pool.query('UPDATE documents SET embedding = NULL WHERE id IN (33, 36)');
  for (const attempt of ['first', 'second']) {
    const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
    t.is(code, 3, attempt);
    t.regex(stderr, /2 rows would not be found: they have no vector of the old model/);
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
    t.regex(stderr, /3 rows would not be found/);
    t.is((await stage.workplace.run(['migrate', 'down', '--accept-missing'])).code, 0);
  },
);
