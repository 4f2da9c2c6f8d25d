import test from 'ava';
import { removeCampaigns, startCampaign } from './harness/campaign.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { columnsHolding } from './harness/stored-text.ts';

// Short, so that no search for whole texts in a message finds it.
const CANARY = 'Zq7canary';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage.close());

const drain = () => stage.workplace.run(['worker', '--drain'], { EMBED_PATIENCE_SECONDS: '1' });
const status = async (...options: string[]) => (await stage.workplace.run(['status', ...options])).stdout;

for (const answer of [400, 404, 422, 429, 503] as const) {
  test.serial(`what a provider says with ${answer} is kept where nobody reads it unasked`, async (t) => {
    await startCampaign(stage, 'quoted', {
      rows: 30,
      fill: () => stage.db.pool.query(`UPDATE quoted SET content = '${CANARY.toLowerCase()} of a person' WHERE id = 7`),
    });
    stage.provider.script = ({ input }) =>
      input.some((text) => text.includes(CANARY.toLowerCase()))
        ? { status: answer, body: { error: { message: `I saw ${CANARY} there` } } }
        : undefined;
    const { stderr } = await drain();
    t.notRegex(stderr, new RegExp(CANARY));
    const held = await columnsHolding(stage.db.pool, CANARY);
    t.true(held.length > 0, 'it is not lost');
    t.deepEqual(
      held.filter((column) => !['failed_row.words', 'words.words'].includes(column)),
      [],
    );
    t.notRegex((await status()) + (await status('--json')), new RegExp(CANARY));
    t.regex(await status('--with-text'), new RegExp(`Messages, which may quote texts of rows:[^]*${CANARY}`));
    t.regex(await status('--with-text', '--json'), new RegExp(CANARY));
    await stage.db.pool.query("SELECT reembed.resume('quoted')");
  });
}

test.serial('messages of PostgreSQL and user functions about a row are kept apart and shown only on request', async (t) => {
  await startCampaign(stage, 'checked', {
    rows: 30,
    fill: () => stage.db.pool.query(`UPDATE checked SET content = '${CANARY}' WHERE id = 7`),
  });
  await stage.db.pool.query(`
    ALTER TABLE checked ADD CONSTRAINT no_vector CHECK (embedding_v2 IS NULL OR content <> '${CANARY}') NOT VALID`);
  await stage.db.pool.query('DELETE FROM reembed.words');
  const recorded = async () =>
    (await stage.db.pool.query('SELECT message FROM reembed.failed_row WHERE key = \'{"id": 7}\'')).rows[0]?.message;
  t.notRegex((await drain()).stderr, new RegExp(CANARY));
  t.is(await recorded(), 'PostgreSQL refuses the row (SQLSTATE 23514, table checked, constraint no_vector)');
  t.deepEqual(await columnsHolding(stage.db.pool, CANARY), ['failed_row.words']);
  t.notRegex(await status(), new RegExp(CANARY));
  t.regex(await status('--with-text'), new RegExp(`row_refused: .*Failing row contains.*${CANARY}`));

  await stage.db.pool.query(`
    ALTER TABLE checked DROP CONSTRAINT no_vector;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one: %', NEW.content USING ERRCODE = 'U0001'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON checked FOR EACH ROW WHEN (NEW.content = '${CANARY}') EXECUTE FUNCTION refuse();
    SELECT reembed.retry_failed('checked')`);
  t.notRegex((await drain()).stderr, new RegExp(CANARY));
  t.is(await recorded(), 'PostgreSQL refuses the row (SQLSTATE U0001, trigger refuse)');
  t.deepEqual(await columnsHolding(stage.db.pool, CANARY), ['failed_row.words']);

  // An error that is not of the row fails the job.
  await stage.db.pool.query(
    'UPDATE reembed_queue.job SET retry_delay = 0, retry_backoff = false; UPDATE reembed_queue.queue SET retry_delay = 0, retry_backoff = false',
  );
  await stage.db.pool.query(`
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'denied' USING ERRCODE = '42501', DETAIL = NEW.content; END $$;
    SELECT reembed.retry_failed('checked')`);
  const failing = await drain();
  t.regex(failing.stderr, /denied/);
  t.notRegex(failing.stderr, new RegExp(CANARY));
  t.deepEqual(await columnsHolding(stage.db.pool, CANARY), ['failed_row.words', 'words.words']);
  await stage.db.pool.query('DROP FUNCTION refuse() CASCADE');
});

test.serial('no role has rights on these messages, and their length is limited', async (t) => {
  const role = `wordless_${process.pid}_${Date.now()}`;
  const { pool } = stage.db;
  await startCampaign(stage, 'bounded', { rows: 5 });
  await pool.query(`CREATE ROLE ${role}; SELECT reembed.grant_worker('${role}')`);
  try {
    t.is((await pool.query(`SELECT FROM reembed.worker_grants('${role}')`)).rowCount, 0);
    const { rows } = await pool.query(
      `SELECT has_column_privilege($1, 'reembed.failed_row', 'message', 'SELECT') AS message, has_column_privilege($1, 'reembed.failed_row', 'words', 'SELECT') AS words,
              has_any_column_privilege($1, 'reembed.failed_row', 'INSERT, UPDATE') AS writes, has_any_column_privilege($1, 'reembed.words', 'SELECT, INSERT, UPDATE') AS last`,
      [role],
    );
    t.deepEqual(rows, [{ message: true, words: false, writes: false, last: false }]);
    const refused = JSON.stringify([{ key: '{"id": 1}', class: 'x'.repeat(1e5), message: 'y'.repeat(1e5), words: 'z'.repeat(1e5) }]);
    await pool.query(
      `SELECT reembed.record_failed('public.bounded.embedding', 'new-model', $1, '{}'), reembed.record_words(repeat('s', 9999), repeat('z', 9999))`,
      [refused],
    );
    const sizes = await pool.query(
      'SELECT length(class) AS class, length(message) AS message, length(words) AS words FROM reembed.failed_row',
    );
    t.deepEqual(sizes.rows, [{ class: 64, message: 1000, words: 1000 }]);
  } finally {
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
