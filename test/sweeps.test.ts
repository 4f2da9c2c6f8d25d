import test from 'ava';
import pg from 'pg';
import { sweepTable } from '../src/worker/sweep.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 20_000;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, ROWS, { index: false });
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'backfill');
  await stage.db.pool.query("UPDATE reembed.batch SET state = 'done', finished_at = clock_timestamp()");
});
test.after.always(() => stage.close());

async function ask(sql: string): Promise<unknown> {
  const { rows } = await stage.db.pool.query(`SELECT (${sql}) AS answer`);
  return rows[0]?.answer;
}

const changes = () => ask('SELECT count(*)::integer FROM reembed.change');

test.serial('the gate counts every missing row, logs the first of them and leaves the others to the workers', async (t) => {
  t.is(await ask(`reembed.sweep('${campaign}')::integer`), ROWS);
  t.is(await changes(), 1000);
  t.true(await ask(`reembed.needs_sweep('${campaign}')`));
});

test.serial('a sweep of the workers logs every missing row, of either model, once', async (t) => {
  await sweepTable(stage.db.pool, campaign, 'new');
  t.is(await changes(), ROWS);
  t.false(await ask(`reembed.needs_sweep('${campaign}')`));
  t.is(await ask(`reembed.sweep('${campaign}')::integer`), 0);
  await stage.db.pool.query(
    'TRUNCATE reembed.change_public_documents_embedding_fded1d; UPDATE documents SET embedding = NULL WHERE id > 500; TRUNCATE reembed.change_public_documents_embedding_fded1d',
  );
  await sweepTable(stage.db.pool, campaign, 'old');
  t.is(await ask('SELECT count(*)::integer FROM reembed.change WHERE needs_old AND NOT needs_new'), ROWS - 500);
});

test.serial('a sweep for an old model that is not kept current logs nothing', async (t) => {
  await stage.db.pool.query(
    'TRUNCATE reembed.change_public_documents_embedding_fded1d; UPDATE reembed.setting SET keep_old_current = false',
  );
  await sweepTable(stage.db.pool, campaign, 'old');
  t.is(await changes(), 0);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('a write of the application waits for a portion of a sweep, not for the whole of it', async (t) => {
    await stage.db.pool.query('TRUNCATE reembed.change_public_documents_embedding_fded1d');
    const application = new pg.Client({ connectionString: stage.db.url });
    await application.connect();
    const startedAt = Date.now();
    let sweeping = true;
    const sweep = sweepTable(stage.db.pool, campaign, 'new').then(() => {
      sweeping = false;
      return Date.now() - startedAt;
    });
    const waits: number[] = [];
    while (sweeping) {
      const before = Date.now();
      // A row of the first portion: in one transaction it would be held to the end.
      await application.query('UPDATE documents SET content = $1 WHERE id = $2', [`changed ${waits.length}`, 1 + (waits.length % 20)]);
      waits.push(Date.now() - before);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const whole = await sweep;
    await application.end();
    t.true(Math.max(...waits) < whole / 2, `waited ${Math.max(...waits)} ms of ${whole} ms`);
    t.true(waits.length > 5);
  });
}
