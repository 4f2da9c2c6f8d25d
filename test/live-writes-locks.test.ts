import test from 'ava';
import pg from 'pg';
import { sweepTable } from '../src/worker/sweep.ts';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 60);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'backfill');
});
test.after.always(() => stage.close());

async function connect(settings: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stage.db.url });
  await client.connect();
  await client.query(settings);
  return client;
}

test.serial('keys that are no ordinary numbers are captured like any other', async (t) => {
  const { pool } = stage.db;
  await pool.query(`CREATE TABLE odd_keys (amount numeric, ratio double precision, at timestamptz, content text, embedding vector(16),
    PRIMARY KEY (amount, ratio, at)); INSERT INTO odd_keys VALUES (1, 1, now(), 'a row', NULL)`);
  await stage.bring(await stage.createUsual('odd_keys'), 'backfill');
  await pool.query(
    "INSERT INTO odd_keys SELECT a, r, d, 'odd' FROM unnest('{NaN,Infinity,1e-400}'::numeric[], '{NaN,-Infinity,1e-300}'::float8[], '{infinity,-infinity,2026-01-01}'::timestamptz[]) AS k(a, r, d)",
  );
  t.is((await pool.query("SELECT FROM reembed.change WHERE target LIKE '%odd_keys%'")).rowCount, 3);
  await stage.work();
  t.is((await pool.query('SELECT FROM odd_keys WHERE embedding_v2 IS NULL OR embedding IS NULL AND amount <> 1')).rowCount, 0);
});

test.serial('a key of any length is captured, and its row may fail', async (t) => {
  const { pool } = stage.db;
  await pool.query('CREATE TABLE long_keys (name text PRIMARY KEY, content text, embedding vector(16))');
  // Small enough for the index of its own table only because it can be compressed; as long as any can be.
  const name = 'x'.repeat(100_000);
  await pool.query("INSERT INTO long_keys VALUES ($1, 'a row', NULL)", [name]);
  await stage.bring(await stage.createUsual('long_keys'), 'backfill');
  await pool.query("UPDATE long_keys SET content = 'changed' WHERE name = $1", [name]);
  await stage.work();
  t.is((await pool.query('SELECT FROM long_keys WHERE embedding_v2 IS NULL')).rowCount, 0);
  await pool.query(`INSERT INTO reembed.failed_row (target, key, model, class, message)
    SELECT 'public.long_keys.embedding', jsonb_build_object('name', name), 'new-model', 'test', 'test' FROM long_keys`);
  await pool.query("SELECT reembed.retry_failed('long_keys')");
  await stage.work();
  t.is((await pool.query("SELECT FROM reembed.failed_row WHERE target LIKE '%long_keys%'")).rowCount, 0);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('a write waits for no change in the log, whoever holds it', async (t) => {
    await stage.db.pool.query("UPDATE documents SET content = 'noted' WHERE id = 1");
    const worker = await connect('BEGIN');
    await worker.query('SELECT FROM reembed.change_public_documents_embedding_fded1d FOR UPDATE');
    const application = await connect("SET lock_timeout = '50ms'");
    await t.notThrowsAsync(application.query("UPDATE documents SET content = 'noted again' WHERE id = 1"));
    await worker.query('COMMIT');
    await worker.end();
    await application.end();
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });

  test.serial('writers that lock their rows in order never deadlock for our sake, whatever the workers do meanwhile', async (t) => {
    const { pool } = stage.db;
    await stage.work();
    let writing = true;
    const writers = Array.from({ length: 4 }, async (_, who) => {
      // Deadlocks are looked for at once, so that none passes by unseen because one of ours gave up before.
      const client = await connect("SET deadlock_timeout = '10ms'");
      const failures: string[] = [];
      for (let i = 0; i < 60; i++) {
        const ids = Array.from({ length: 4 }, () => 1 + Math.floor(Math.random() * 40)).sort((a, b) => a - b);
        try {
          await client.query('BEGIN');
          for (const id of new Set(ids)) {
            // Without its vector and without a change on record: what a sweep finds.
            const lost = i % 3 === 0 ? ', embedding_v2 = NULL' : '';
            await client.query(`UPDATE documents SET content = $1${lost} WHERE id = $2`, [`writer ${who} round ${i}`, id]);
          }
          await client.query(i % 7 === 0 ? 'ROLLBACK' : 'COMMIT');
        } catch (error) {
          failures.push(String((error as { code?: string }).code));
          await client.query('ROLLBACK');
        }
      }
      await client.end();
      return failures;
    });
    const during = async (work: () => Promise<unknown>) => {
      while (writing) await work();
    };
    const others = [
      during(() => stage.work()),
      during(() => sweepTable(pool, campaign, 'new')),
      // Changes lost as if by hand, so that sweeps have something to find.
      during(async () => {
        await pool.query(
          'DELETE FROM reembed.change_public_documents_embedding_fded1d WHERE seq IN (SELECT seq FROM reembed.change_public_documents_embedding_fded1d ORDER BY random() LIMIT 5 FOR UPDATE SKIP LOCKED)',
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
    ];
    const failures = (await Promise.all(writers)).flat();
    writing = false;
    await Promise.all(others);
    t.deepEqual(failures, []);
  });
}
