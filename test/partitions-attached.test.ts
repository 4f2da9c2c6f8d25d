import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { adoptLeaves } from '../src/watch/adopt-leaves.ts';
import { OLD_DIMENSIONS, wrongRows } from './harness/documents.ts';
import { fillShelves } from './harness/partitions.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { table: 'shelves', oldColumn: 'embedding', newColumn: 'embedding_v2' };
const TARGET = 'public.shelves.embedding';
/** columns of every partition from expand on, as `CREATE TABLE … (LIKE shelves)` copies them */
const LIKE = 'LIKE shelves INCLUDING DEFAULTS INCLUDING CONSTRAINTS';

let stage: Stage;
let campaign: string;

/** Partitioned by the range of the shelf, its second partition by the range of the id, with a default at both levels. */
test.before(async () => {
  stage = await createStage();
  await sql(`
    CREATE TABLE shelves (shelf integer NOT NULL, id bigint NOT NULL, content text, embedding vector(${OLD_DIMENSIONS}), PRIMARY KEY (shelf, id)) PARTITION BY RANGE (shelf);
    CREATE TABLE shelves_low PARTITION OF shelves FOR VALUES FROM (0) TO (10);
    CREATE TABLE shelves_mid PARTITION OF shelves FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
    CREATE TABLE shelves_mid_first PARTITION OF shelves_mid FOR VALUES FROM (0) TO (50);
    CREATE TABLE shelves_mid_rest PARTITION OF shelves_mid DEFAULT;
    CREATE TABLE shelves_rest PARTITION OF shelves DEFAULT`);
  await fill(
    'shelves',
    Array.from({ length: 120 }, (_, i) => ({ shelf: [5, 15, 99][i % 3] as number, id: i + 1 })),
  );
  await sql('CREATE INDEX shelves_embedding_idx ON shelves USING hnsw (embedding vector_cosine_ops)');
  campaign = await stage.draft({ table: 'shelves', batchRows: 20 });
  await stage.bring(campaign, 'backfill');
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];
const fill = (table: string, rows: { shelf: number; id: number }[]) => fillShelves(stage.db.pool, table, rows);
const adopt = () => adoptLeaves(stage.db.pool, TARGET);
const rowsOf = (shelf: number, from: number, count = 10) => Array.from({ length: count }, (_, i) => ({ shelf, id: from + i }));
const hasIndex = (leaf: string) => ask(`SELECT reembed.valid_index('${leaf}', '${leaf}_embedding_v2_idx') IS NOT NULL`);

test.serial('rows of ranges of two levels and of the default partitions get their vectors', async (t) => {
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await ask('SELECT count(DISTINCT leaf)::int FROM reembed.batch'), 4);
});

test.serial(
  'a row that moves to another partition with another text keeps its vectors until those of the new text are there',
  async (t) => {
    await stage.work();
    await sql("UPDATE shelves SET shelf = 16, content = 'moved and changed' WHERE shelf = 5 AND id <= 30");
    t.is(await ask("SELECT count(*)::int FROM shelves WHERE content = 'moved and changed' AND embedding_v2 IS NOT NULL"), 10);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  },
);

test.serial('a range that is cut out of the default partition in mid-campaign keeps the vectors of its rows', async (t) => {
  await sql(`BEGIN; CREATE TABLE shelves_high (${LIKE}); ALTER TABLE shelves DETACH PARTITION shelves_rest;
    INSERT INTO shelves_high SELECT * FROM shelves_rest; DELETE FROM shelves_rest;
    ALTER TABLE shelves ATTACH PARTITION shelves_high FOR VALUES FROM (90) TO (100);
    ALTER TABLE shelves ATTACH PARTITION shelves_rest DEFAULT; COMMIT`);
  await adopt();
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await ask('SELECT count(*)::int FROM shelves_high'), 40);
});

test.serial('rows of a table that is attached in mid-campaign are found and embedded', async (t) => {
  await stage.work();
  await sql(`CREATE TABLE shelves_20 (${LIKE})`);
  await fill('shelves_20', rowsOf(20, 500, 30));
  await sql('ALTER TABLE shelves ATTACH PARTITION shelves_20 FOR VALUES FROM (20) TO (21)');
  await adopt();
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a table that is attached below a partition is found as well, and so is one whose parent is attached', async (t) => {
  await sql(`CREATE TABLE shelves_mid_far (${LIKE})`);
  await fill('shelves_mid_far', rowsOf(11, 1000));
  await sql('ALTER TABLE shelves_mid ATTACH PARTITION shelves_mid_far FOR VALUES FROM (1000) TO (2000)');
  await sql(`CREATE TABLE shelves_30 (${LIKE}) PARTITION BY LIST (shelf); CREATE TABLE shelves_30_31 (${LIKE})`);
  await fill('shelves_30_31', rowsOf(31, 3000));
  await sql(`ALTER TABLE shelves_30 ATTACH PARTITION shelves_30_31 FOR VALUES IN (31);
    ALTER TABLE shelves ATTACH PARTITION shelves_30 FOR VALUES FROM (30) TO (40)`);
  await adopt();
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a row trigger that is disabled on one partition is reported as damage, and rehook() enables it', async (t) => {
  await stage.work();
  const trigger = await ask("SELECT name FROM reembed.capture_triggers('public.shelves.embedding') WHERE name ~ '_update_'");
  await sql(`ALTER TABLE shelves_mid_first DISABLE TRIGGER "${trigger}"`);
  const { rows } = await sql('SELECT code, damage, remedy FROM reembed.damage');
  t.deepEqual(
    rows.map(({ code }) => code),
    ['no_trigger'],
    'a disabled trigger is not reported',
  );
  t.regex(rows[0].damage, /shelves_mid_first is disabled/);
  await sql(rows[0].remedy);
  t.is(await ask('SELECT count(*)::int FROM reembed.damage'), 0);
  await sql("UPDATE shelves SET content = 'changed after it was enabled' WHERE shelf = 15 AND id < 20");
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial(
    'DETACH CONCURRENTLY during the campaign ends while others read and write, and the campaign goes on without the partition',
    async (t) => {
      await stage.work();
      // PostgreSQL refuses it where there is a default partition.
      await sql(
        'ALTER TABLE shelves DETACH PARTITION shelves_rest; CREATE TABLE shelves_80 PARTITION OF shelves FOR VALUES FROM (80) TO (90)',
      );
      await adopt();
      const reader = new pg.Client({ connectionString: stage.db.url });
      await reader.connect();
      await reader.query('BEGIN; SELECT count(*) FROM shelves');
      const detached = sql('ALTER TABLE shelves DETACH PARTITION shelves_80 CONCURRENTLY');
      while (!(await ask('SELECT EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)'))) await sleep(20);
      try {
        // The partition is half gone: no longer part of the campaign, and nothing waits for the session that holds it up.
        await sql("UPDATE shelves SET content = content || ' meanwhile' WHERE shelf = 5 AND id < 20");
        await adopt();
        await stage.work();
        t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
        t.is(
          await ask("SELECT count(*)::int FROM reembed.leaf WHERE relation = 'shelves_80'::regclass"),
          0,
          'a partition that is being detached is still known',
        );
      } finally {
        await reader.end();
        await detached;
      }
      await sql("INSERT INTO shelves_80 (shelf, id, content) VALUES (80, 9000, 'written after it was detached')");
      await stage.bring(campaign, 'index');
      t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
      t.is(await ask("SELECT count(*)::int FROM reembed.planned_index WHERE leaf = 'shelves_80'::regclass"), 0);
    },
  );

  test.serial(
    'the watch gives up the index of a new partition when a transaction holds it, and does not keep writers waiting',
    async (t) => {
      await stage.bring(campaign, 'index');
      await sql('CREATE TABLE shelves_40 PARTITION OF shelves FOR VALUES FROM (40) TO (50)');
      const [holder, writer] = [new pg.Client({ connectionString: stage.db.url }), new pg.Client({ connectionString: stage.db.url })];
      await Promise.all([holder.connect(), writer.connect()]);
      try {
        await holder.query("BEGIN; INSERT INTO shelves (shelf, id, content) VALUES (41, 4100, 'held')");
        const adopted = adopt().then(
          () => 'built',
          ({ code }) => code,
        );
        await writer.query("SET lock_timeout = '5s'; INSERT INTO shelves (shelf, id, content) VALUES (42, 4200, 'not held')");
        t.is(await Promise.race([adopted, sleep(5000, 'it waits')]), '55P03');
      } finally {
        await Promise.all([holder.end(), writer.end()]);
      }
      await sql("INSERT INTO shelves (shelf, id, content) VALUES (41, 4100, 'held')");
      t.false(await hasIndex('shelves_40'));
      await adopt();
      t.true(await hasIndex('shelves_40'));
      await stage.work();
      t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding_v2' }), []);
    },
  );

  test.serial('rows that are inserted while the watch builds the index of their new partition are in it', async (t) => {
    await stage.bring(campaign, 'index');
    await sql('CREATE TABLE shelves_50 PARTITION OF shelves FOR VALUES FROM (50) TO (60)');
    const inserted = (async () => {
      for (const row of rowsOf(51, 5100, 30)) await fill('shelves', [row]);
    })();
    await Promise.all([inserted, adopt()]);
    await adopt();
    await stage.work();
    t.true(await hasIndex('shelves_50'), 'its index was not built');
    t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding_v2' }), []);
    const client = await stage.db.pool.connect();
    try {
      await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL hnsw.ef_search = 100');
      const { rowCount } = await client.query(
        'SELECT id FROM shelves_50 ORDER BY embedding_v2 <=> (SELECT embedding_v2 FROM shelves_50 LIMIT 1) LIMIT 40',
      );
      t.is(rowCount, 30);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  test.serial('the watch leaves a partition with 1 MB of vectors to `migrate up`: its index would take too long', async (t) => {
    await stage.bring(campaign, 'index');
    await sql('CREATE TABLE shelves_60 PARTITION OF shelves FOR VALUES FROM (60) TO (70)');
    await sql('ALTER TABLE shelves_60 ALTER COLUMN content SET STORAGE EXTERNAL');
    await sql("INSERT INTO shelves (shelf, id, content) SELECT 61, g, repeat('paper ', 2000) || g FROM generate_series(6100, 6199) AS g");
    t.true(((await ask("SELECT reembed.blocks('shelves_60')")) as number) < 10);
    await adopt();
    t.false(await hasIndex('shelves_60'), 'writes waited for its index');
    t.regex(String(await ask(`SELECT reembed.missing_indexes('${campaign}')`)), /^shelves_60_embedding_v2_idx$/);
    await stage.work();
    await stage.up(0);
    t.true(await hasIndex('shelves_60'));
    t.is(await ask(`SELECT reembed.missing_indexes('${campaign}')`), null);
  });
}

test.serial('the campaign goes back and leaves nothing behind', async (t) => {
  await stage.bring(campaign, 'none');
  t.is(await ask("SELECT count(*)::int FROM pg_trigger WHERE tgname ~ 'reembed'"), 0);
  t.is(
    await ask(
      "SELECT count(*)::int FROM pg_attribute WHERE attname ~ '_v2' AND NOT attisdropped AND attrelid IN (SELECT leaf FROM reembed.leaves('shelves'))",
    ),
    0,
  );
});
