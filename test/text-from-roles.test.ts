import { randomBytes } from 'node:crypto';
import test from 'ava';
import type pg from 'pg';
import { inTransaction } from '../src/database/connection.ts';
import { inspectTable } from '../src/plan/inspect.ts';
import { parseTextJoins, readJoins } from '../src/plan/text-joins.ts';
import { examineText } from '../src/plan/text-source.ts';
import { type Chunks, chunksNamed, createChunks, draftChunks, wrongChunks } from './harness/chunks.ts';
import { createStage, type Stage } from './harness/stage.ts';

const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

let stage: Stage;
// Roles belong to the whole server, so that other tests must not meet them.
const role = (purpose: string) => `reembed_${purpose}_${mark}`;
const mark = randomBytes(4).toString('hex');
const ROLES = ['vectors', 'author', 'writer', 'low', 'heir'].map(role);
const [vectors = '', author = '', writer = '', low = '', heir = ''] = ROLES;

test.before(async () => {
  stage = await createStage();
  if (!stage.db.real) return;
  for (const name of ROLES) await stage.db.pool.query(`CREATE ROLE ${name}`);
  await stage.db.pool.query(`GRANT CREATE ON SCHEMA public TO ${vectors}`);
});
test.after.always(async () => {
  if (stage.db.real) for (const name of ROLES) await stage.db.pool.query(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
  await stage.close();
});

/** Tables of two owners: the embeddings of one, chunks and documents of another. */
async function ownedChunks(name: string): Promise<Chunks> {
  const chunks = chunksNamed(name);
  await createChunks(stage.db.pool, 20, chunks);
  await stage.db.pool.query(`
    ALTER TABLE ${chunks.embedding} OWNER TO ${vectors}; ALTER TABLE ${chunks.chunk} OWNER TO ${author}; ALTER TABLE ${chunks.document} OWNER TO ${author};
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ${chunks.chunk}, ${chunks.document} TO ${writer}`);
  return chunks;
}

/** Runs work as a role, and takes everything back. */
async function as<T>(name: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await stage.db.pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL ROLE ${name}`);
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

onServer(
  'create refuses a joined table that the owner of the vectors cannot read, or whose owner the installer cannot act as',
  async (t) => {
    const { pool } = stage.db;
    const chunks = await ownedChunks('guarded');
    const examine = (client: pg.PoolClient) =>
      inspectTable(client, chunks.embedding, 'embedding').then((facts) => examineText(client, facts, chunks));
    const refusal = async (code: string) => t.like(await t.throwsAsync(inTransaction(pool, examine)), { code }, code);
    await refusal('join_no_select');
    await pool.query(
      `GRANT SELECT ON ${chunks.chunk}, ${chunks.document} TO ${vectors}; ALTER TABLE ${chunks.document} ENABLE ROW LEVEL SECURITY`,
    );
    await refusal('join_row_security');
    await pool.query(`ALTER TABLE ${chunks.document} DISABLE ROW LEVEL SECURITY`);
    await t.notThrowsAsync(inTransaction(pool, examine));
    await pool.query(`GRANT ${vectors} TO ${low}; GRANT CREATE, USAGE ON SCHEMA public TO ${low}`);
    const { rows } = await pool.query('SELECT $1::regclass::oid::bigint::integer AS oid', [chunks.embedding]);
    const error = await t.throwsAsync(as(low, (client) => readJoins(client, rows[0].oid, parseTextJoins(chunks.textFrom))));
    t.like(error, { code: 'join_owner' });
  },
);

onServer('triggers on a joined table run with the rights of its owner, and a writer of it needs no others', async (t) => {
  const { pool } = stage.db;
  const chunks = await ownedChunks('shared');
  await pool.query(`GRANT SELECT ON ${chunks.chunk}, ${chunks.document} TO ${vectors}`);
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'backfill');
  const { rows: owners } = await pool.query(
    `SELECT DISTINCT pg_get_userbyid(p.proowner) AS owner FROM pg_proc AS p WHERE p.proname ~ '^(log_join_[a-z]+|join_value|join_differs)_[1-9]_'`,
  );
  t.deepEqual(owners, [{ owner: author }]);
  const { rows: readers } = await pool.query(
    `SELECT DISTINCT pg_get_userbyid(p.proowner) AS owner FROM pg_proc AS p WHERE p.proname ~ '^(expand_join_[1-9]_|has_hash_|raw_text_)'`,
  );
  t.deepEqual(readers, [{ owner: vectors }]);
  const write = async (statement: string) => {
    const client = await pool.connect();
    await client.query(`BEGIN; SET LOCAL ROLE ${writer}; ${statement}; COMMIT`);
    client.release();
  };
  await write(`UPDATE ${chunks.chunk} SET body = 'as a writer' WHERE id = 1`);
  await write(`INSERT INTO ${chunks.chunk} VALUES (100, 1, 'x')`);
  await write(`DELETE FROM ${chunks.chunk} WHERE id = 2`);
  await stage.work();
  t.deepEqual(await wrongChunks(pool, chunks, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  const { rows: logs } = await pool.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relname LIKE 'join_change_1_%' AND relkind = 'r'",
  );
  for (const [name, statement] of [
    [author, `DELETE FROM reembed.${logs[0]?.name}`],
    [author, `SELECT FROM reembed.${logs[0]?.name}`],
    [writer, `INSERT INTO reembed.${logs[0]?.name} (value_1) VALUES (1)`],
    [vectors, `INSERT INTO reembed.${logs[0]?.name} (value_1) VALUES (1)`],
    [author, 'CREATE TABLE reembed.planted (id integer)'],
  ] as const)
    await t.throwsAsync(
      as(name, (client) => client.query(statement)),
      { code: '42501' },
      statement,
    );
  // What is revoked later is named.
  await pool.query(`REVOKE SELECT ON ${chunks.document} FROM ${vectors}`);
  t.deepEqual((await pool.query('SELECT code FROM reembed.damage')).rows, [{ code: 'join_no_select' }]);
  await stage.bring(campaign, 'none');
});

onServer(
  'when all tables are given to another role by REASSIGN OWNED, writes to a joined table go on, and its texts are embedded',
  async (t) => {
    const { pool } = stage.db;
    const chunks = await ownedChunks('given');
    await pool.query(`GRANT SELECT ON ${chunks.chunk}, ${chunks.document} TO ${vectors}`);
    const campaign = await draftChunks(stage, chunks, 'column');
    await stage.bring(campaign, 'backfill');
    await pool.query(`GRANT CREATE ON SCHEMA public TO ${heir}; REASSIGN OWNED BY ${author}, ${vectors} TO ${heir}`);
    await t.notThrowsAsync(
      pool.query(`UPDATE ${chunks.chunk} SET body = 'of the heir' WHERE id = 1; DELETE FROM ${chunks.chunk} WHERE id = 2`),
    );
    await stage.work();
    t.deepEqual(await wrongChunks(pool, chunks, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    await stage.bring(campaign, 'none');
  },
);
