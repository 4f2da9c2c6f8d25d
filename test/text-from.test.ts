import test from 'ava';
import { isProbe } from './harness/campaign.ts';
import { type Chunks, chunksNamed, createChunks, draftChunks, newVector, textOfChunk, writeChunks, wrongChunks } from './harness/chunks.ts';
import type { Storage } from './harness/ddl-cases.ts';
import { fits, NEW_DIMENSIONS, NEW_MODEL } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const STORAGES: Storage[] = ['column', 'side-table'];

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

// The embedded database has one session only.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const suffixOf = async ({ embedding }: Chunks) =>
  (await sql('SELECT suffix FROM reembed.target WHERE name = $1', [`public.${embedding}.embedding`])).rows[0].suffix as string;
const triggersOn = async (...tables: string[]) =>
  (await sql("SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text = ANY ($1) AND tgname LIKE 'zz_reembed%'", [tables])).rowCount;

for (const storage of STORAGES) {
  test.serial(`text of joined tables goes forward, back and forward again with right vectors: ${storage}`, async (t) => {
    const { pool } = stage.db;
    const chunks = chunksNamed(`whole_${storage === 'column' ? 'column' : 'side'}`);
    await createChunks(pool, 240, chunks);
    const campaign = await draftChunks(stage, chunks, storage);
    const both = { oldColumn: 'embedding', newColumn: newVector(chunks, storage) };
    let round = 0;
    const check = async (columns: typeof both | { oldColumn?: string; newColumn?: string }, when: string) => {
      await writeChunks(pool, chunks, round++);
      await stage.work();
      t.deepEqual(await wrongChunks(pool, chunks, columns), [], when);
      t.is((await sql('SELECT FROM reembed.change')).rowCount, 0, when);
      t.is((await sql('SELECT FROM reembed.damage')).rowCount, 0, when);
    };
    await stage.bring(campaign, 'expand');
    await writeChunks(pool, chunks, round++);
    await stage.bring(campaign, 'backfill');
    await check(both, 'after the backfill');
    await stage.bring(campaign, 'switch');
    await check(both, 'after the switch');
    await stage.bring(campaign, 'contract');
    const left = storage === 'column' ? { newColumn: 'embedding' } : { newColumn: newVector(chunks, storage) };
    await check(left, 'after contract');
    await stage.bring(campaign, 'switch');
    await check(both, 'back from contract');
    await stage.bring(campaign, 'none');
    t.is(await triggersOn(chunks.chunk, chunks.document, chunks.embedding), 0, 'down leaves the tables as they were');
    t.is((await sql("SELECT FROM pg_class WHERE relname LIKE 'join_change%'")).rowCount, 0);
    await stage.bring(campaign, 'switch');
    await check(both, 'forward again');
    await stage.bring(campaign, 'contract');
    await check(left, 'contract again');
    if (storage === 'column') {
      await sql('SELECT reembed.purge($1)', [campaign]);
      await sql(`SELECT reembed.release('${chunks.embedding}')`);
    } else {
      await stage.bring(campaign, 'none');
    }
    t.is(await triggersOn(chunks.chunk, chunks.document, chunks.embedding), 0, 'and so does release');
    await sql(`DROP TABLE ${chunks.embedding}, ${chunks.chunk}, ${chunks.document} CASCADE`);
  });
}

test.serial('a write to a joined table that renews no text logs nothing', async (t) => {
  const chunks = chunksNamed('silent');
  await createChunks(stage.db.pool, 20, chunks);
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'backfill');
  await stage.work();
  await sql(`UPDATE ${chunks.chunk} SET note = 'x'`);
  await sql(`UPDATE ${chunks.chunk} SET body = body, document_id = document_id`);
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
  const client = await stage.db.pool.connect();
  await client.query('BEGIN');
  await client.query(`UPDATE ${chunks.chunk} SET body = 'taken back' WHERE id = 1`);
  await client.query('ROLLBACK');
  client.release();
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 0, 'the log is part of the transaction');
  await stage.bring(campaign, 'none');
});

for (const storage of STORAGES) {
  test.serial(`texts that change in joined tables while they are being embedded end with right vectors: ${storage}`, async (t) => {
    const { pool } = stage.db;
    const chunks = chunksNamed(`during_${storage === 'column' ? 'column' : 'side'}`);
    await createChunks(pool, 400, chunks);
    const campaign = await draftChunks(stage, chunks, storage);
    await stage.bring(campaign, 'backfill');
    let round = 0;
    const failures: unknown[] = [];
    stage.provider.script = async (request) => {
      if (request.model === NEW_MODEL && !isProbe(request) && round < 16)
        await writeChunks(pool, chunks, round++).catch((error) => failures.push(error));
      return undefined;
    };
    await stage.work();
    stage.provider.script = () => undefined;
    t.deepEqual(failures, []);
    t.true(round > 3);
    await stage.work();
    t.deepEqual(await wrongChunks(pool, chunks, { oldColumn: 'embedding', newColumn: newVector(chunks, storage) }), []);
    await stage.bring(campaign, 'none');
  });
}

for (const storage of STORAGES) {
  testOnServer?.serial(`a store that began before a joined text changed does not store the former text's vector: ${storage}`, async (t) => {
    const { pool } = stage.db;
    const chunks = chunksNamed(`frozen_${storage === 'column' ? 'column' : 'side'}`);
    await createChunks(pool, 10, chunks);
    // The expression waits while it is computed, as a store does whose process is frozen.
    await sql(`CREATE FUNCTION public.waits_${storage === 'column' ? 'c' : 's'}(p text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN p; END $$`);
    const campaign = await draftChunks(stage, chunks, storage, {
      text: [],
      textSql: `public.waits_${storage === 'column' ? 'c' : 's'}(c.body)`,
    });
    await stage.bring(campaign, 'backfill');
    const suffix = await suffixOf(chunks);
    const [blocker, worker] = [await pool.connect(), await pool.connect()];
    const { rows } = await worker.query(
      `SELECT r.key_1, r.version::text, reembed.text_hash(r.content) AS hash FROM reembed.row_${suffix} AS r WHERE r.key_1 = 1`,
    );
    await blocker.query('SELECT pg_advisory_lock(4711)');
    const vector = `[${Array.from({ length: NEW_DIMENSIONS }, () => 1).join(',')}]`;
    const stored = worker.query(
      `SELECT * FROM reembed.store_new_${suffix}($1, ARRAY['{"id": 1}'], ARRAY[$2::text], ARRAY[$3::bigint], ARRAY[$4::vector])`,
      [NEW_MODEL, rows[0].version, rows[0].hash, vector],
    );
    await until(async () => (await sql("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount === 1);
    await sql(`UPDATE ${chunks.chunk} SET body = 'meanwhile' WHERE id = 1`);
    await blocker.query('SELECT pg_advisory_unlock(4711)');
    t.is((await stored).rowCount, 0, 'the vector of the former text was stored');
    blocker.release();
    worker.release();
    await stage.work();
    const { rows: left } = await sql(`SELECT ${newVector(chunks, storage)}::text AS vector FROM ${chunks.embedding} WHERE id = 1`);
    t.true(fits(left[0].vector, NEW_MODEL, 'meanwhile', NEW_DIMENSIONS));
    await stage.bring(campaign, 'none');
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + 10_000; !(await condition()); ) {
    if (Date.now() > giveUpAt) throw new Error('not within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test.serial('a change with many dependent rows is read in portions, and none is left out while rows move', async (t) => {
  const { pool } = stage.db;
  const chunks = chunksNamed('many');
  await createChunks(pool, 5, chunks);
  await sql(`ALTER TABLE ${chunks.embedding} DROP CONSTRAINT ${chunks.embedding}_pkey, ADD COLUMN part text NOT NULL DEFAULT 'a'`);
  await sql(`ALTER TABLE ${chunks.embedding} ADD PRIMARY KEY (id, part)`);
  await sql(
    `INSERT INTO ${chunks.embedding} (id, part, chunk_id) SELECT 100 + i / 3, chr(97 + i % 3), 1 FROM generate_series(0, 899) AS i`,
  );
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'backfill');
  await stage.work();
  const suffix = await suffixOf(chunks);
  for (const [write, expected] of [
    [`UPDATE ${chunks.chunk} SET body = 'for many' WHERE id = 1`, 901],
    [`TRUNCATE ${chunks.chunk}`, 905],
  ] as const) {
    await sql(write);
    let portions = 0;
    for (;;) {
      const { rows } = await sql(`SELECT reembed.expand_join_1_${suffix}(64, 200) AS changes`);
      if (rows[0].changes === '0') break;
      portions++;
      // Each update moves a row to another place of the table.
      await sql(`UPDATE ${chunks.embedding} SET embedding = embedding WHERE id % 5 = ${portions % 5}`);
    }
    t.true(portions >= 5, write);
    const { rows } = await sql(
      `SELECT count(*)::integer AS all, count(DISTINCT (key_1, key_2))::integer AS distinct FROM reembed.change_${suffix}`,
    );
    t.deepEqual(rows[0], { all: expected, distinct: expected }, write);
    await stage.work();
    t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
    t.is((await sql(`SELECT FROM ${chunks.embedding} WHERE (embedding_v2 IS NULL) <> (${textOfChunk(chunks)} = '')`)).rowCount, 0);
  }
  await stage.bring(campaign, 'none');
});

test.serial('another campaign may take its text from other tables, and back from it the first joins are watched again', async (t) => {
  const { pool } = stage.db;
  const chunks = chunksNamed('next');
  await createChunks(pool, 60, chunks);
  const first = await draftChunks(stage, chunks, 'column');
  await stage.bring(first, 'contract');
  await stage.work();
  const next = await stage.draft({
    table: chunks.embedding,
    textFrom: chunks.textFrom.slice(0, 1),
    text: ['c.body'],
    from: NEW_MODEL,
    to: 'old-model',
    toName: 'old-again',
    dimensions: 16,
  });
  await sql(`UPDATE ${chunks.document} SET title = 'waits while the joins change' WHERE id = 1`);
  await stage.bring(next, 'backfill');
  t.is(await triggersOn(chunks.document), 0);
  await stage.bring(next, 'none');
  t.is(await triggersOn(chunks.document), 4);
  await sql(`UPDATE ${chunks.document} SET title = 'and again' WHERE id = 2`);
  await stage.work();
  t.deepEqual(await wrongChunks(pool, chunks, { newColumn: 'embedding' }), []);
});

test.serial('a change of a joined table that no worker has read leaves no outdated vector in the archive', async (t) => {
  const { pool } = stage.db;
  const chunks = chunksNamed('archived');
  await createChunks(pool, 40, chunks);
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'switch');
  await sql(`UPDATE ${chunks.chunk} SET body = 'changed before contract' WHERE id = 1`);
  // The gate waits for changes of more than ten seconds ago.
  await sql(`UPDATE reembed.join_change_1_${await suffixOf(chunks)} SET changed_at = clock_timestamp() + interval '1 minute'`);
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'switch');
  const { rows } = await sql(`SELECT embedding IS NULL AS is_empty FROM ${chunks.embedding} WHERE id IN (1, 2) ORDER BY id`);
  t.deepEqual(
    rows.map((row) => row.is_empty),
    [true, false],
    'an outdated vector came back',
  );
  await stage.work();
  t.deepEqual(await wrongChunks(pool, chunks, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});
