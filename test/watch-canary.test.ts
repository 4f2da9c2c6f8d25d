import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbedQuery } from '../src/index.ts';
import { NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createWatch } from './harness/watch.ts';
import { createWatchedCampaign, SAMPLE, type WatchedCampaign } from './harness/watched-campaign.ts';

let watched: WatchedCampaign;

test.before(async () => {
  watched = await createWatchedCampaign();
});
test.beforeEach(() => watched.begin());
test.afterEach.always(() => watched.reset());
test.after.always(() => watched.stage.close());

const sql = (text: string, values?: unknown[]) => watched.sql(text, values);

test.serial('a new model whose provider fails the canary loses its readers once a worker meets the failure too', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 100, known_items = 0');
  watched.stage.provider.script = ({ model }) => (model === NEW_MODEL ? { status: 401 } : undefined);
  await watched.traffic();
  await watched.watch.check();
  t.deepEqual(
    (await watched.watch.alerts()).map(({ kind, severity }) => [kind, severity]),
    [['shadow_errors', 'notice']],
  );
  t.regex((await watched.watch.alerts())[0]?.message ?? '', /40 of 40 searches failed with new-model \(provider_login\)/);
  t.is(await watched.setting('canary_percent'), '100', 'its readers got the answer of the live view');
  await sql('UPDATE reembed.setting SET known_items = 10');
  await watched.watch.check();
  t.deepEqual([await watched.watch.kinds(), await watched.setting('canary_percent')], [['provider', 'shadow_errors'], '0']);
});

test.serial('of a canary that fails now and then it is known how seldom, whatever the share of shadow reads', async (t) => {
  const seldom = async (percent: number) => {
    await sql('DELETE FROM reembed.shadow_read');
    await sql('UPDATE reembed.setting SET canary_percent = 100, shadow_percent = $1, known_items = 0', [percent]);
    let asked = 0;
    const embed: EmbedQuery = async (text, model) => {
      if (model.name === NEW_MODEL && asked++ % 20 === 0) throw new Error('away');
      return vectorOf(model.name, text, model.dimensions);
    };
    const client = createSearchClient(watched.stage.db.pool, { target: 'documents', embed });
    for (let i = 1; i <= 10 * SAMPLE; i++) await client.search(textOf(i), watched.top, { key: 'ann', ids: (found) => found });
    await client.close();
    await watched.watch.check(2);
    t.deepEqual([await watched.watch.kinds(), await watched.setting('canary_percent')], [[], '100'], `${percent} %`);
    const { rows } = await sql("SELECT details FROM reembed.check_shadow('public.documents.embedding') WHERE kind = 'shadow_errors'");
    t.log(`${percent} %`, rows[0].details);
  };
  await seldom(50);
  await seldom(0);
});

test.serial('a few errors among the shadow reads do not hide that the others share nothing', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30, min_shadow_overlap = 0.5, known_items = 0');
  await sql(
    `SELECT reembed.record_shadow_read('documents', $1, $2, false, 10, CASE WHEN i % 20 > 0 THEN 0.01 END, 10, 10, 5, 5, NULL, NULL, CASE WHEN i % 20 = 0 THEN 'timeout' END)
       FROM generate_series(1, ${2 * SAMPLE}) AS i`,
    [OLD_MODEL, NEW_MODEL],
  );
  await watched.watch.check(2);
  t.deepEqual([await watched.watch.kinds(), await watched.setting('canary_percent')], [['overlap'], '30']);
});

test.serial(
  'how much old and new results should share is known from a validation by queries rather than from a later one by rows',
  async (t) => {
    const expected = async () => {
      const { rows } = await sql("SELECT details FROM reembed.check_shadow('public.documents.embedding') WHERE kind = 'overlap'");
      return rows[0].details.expected;
    };
    const byRows = await expected();
    await sql(`INSERT INTO reembed.validation (campaign, started_at, finished_at, query_source, queries, judged_queries, k, overlap, coverage, missing_rows, just_changed_rows, verdict)
    SELECT campaign, started_at - interval '1 hour', finished_at - interval '1 hour', 'log', 200, 0, 10, 0.1, 1, 0, 0, 'pass' FROM reembed.validation ORDER BY id DESC LIMIT 1`);
    t.deepEqual([byRows > 0.05, await expected()], [true, 0.05]);
    await sql("DELETE FROM reembed.validation WHERE query_source = 'log'");
  },
);

test.serial('without shadow reads a provider that is away takes the canary back as soon as the watch gets no vectors', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30, shadow_percent = 0');
  watched.stage.provider.script = ({ model }) => (model === NEW_MODEL ? { status: 401 } : undefined);
  await watched.watch.check(2);
  t.deepEqual([await watched.watch.kinds(), await watched.setting('canary_percent')], [['provider'], '0']);
});

test.serial(
  'searches that are slower with the new model for readers and workers take the canary back to the step it came from',
  async (t) => {
    await sql('UPDATE reembed.setting SET max_latency_ratio = 3, shadow_percent = 1');
    const measured = (milliseconds: number) =>
      sql('UPDATE reembed.known_item SET ms = CASE model WHEN $1 THEN $2 ELSE 10 END', [NEW_MODEL, milliseconds]);
    for (const percent of [5, 25]) await sql('UPDATE reembed.setting SET canary_percent = $1', [percent]);
    const record = (milliseconds: number) =>
      sql(
        `SELECT reembed.record_shadow_read('documents', $1, $2, false, 10, 1, 10, $3, 5, 5, NULL, NULL, NULL) FROM generate_series(1, ${SAMPLE})`,
        [OLD_MODEL, NEW_MODEL, milliseconds],
      );
    await record(25);
    await watched.watch.check();
    t.deepEqual(await watched.watch.kinds(), []);
    await record(35);
    await watched.watch.check(3);
    t.deepEqual([await watched.watch.kinds(), await watched.setting('canary_percent')], [['latency'], '25'], 'no worker found it slow');
    await sql('UPDATE reembed.setting SET known_items = 0');
    await measured(35);
    await watched.watch.check();
    t.deepEqual(await watched.watch.kinds(), ['latency']);
    t.regex((await watched.watch.alerts())[0]?.message ?? '', /the median search takes 35.0 ms with new-model and 10.0 ms with old-model/);
    t.is(await watched.setting('canary_percent'), '5');
    await t.throwsAsync(sql('UPDATE reembed.setting SET canary_percent = 6'), { code: 'RE001', message: /alert latency has been open/ });
    await sql("UPDATE reembed.setting SET canary_steps = '{5,25}', canary_step_time = '0', known_items = 10, shadow_percent = 100");
    await measured(10);
    await record(10);
    await watched.watch.check(3);
    t.deepEqual(await watched.watch.kinds(), []);
    t.is(await watched.setting('canary_percent'), '5', 'what an alert took back does not grow automatically');
    await sql('UPDATE reembed.setting SET canary_percent = 4');
    await watched.watch.check(2);
    t.is(await watched.setting('canary_percent'), '25');
  },
);

test.serial('a canary with steps grows while it is healthy, stands still while it is not, and ends at its last step', async (t) => {
  await sql("UPDATE reembed.setting SET canary_percent = 1, canary_steps = '{1,5,25,50}', canary_step_time = '0'");
  t.deepEqual(await watched.watch.check(), [], 'too little was seen to say that it is healthy');
  await watched.traffic();
  await watched.watch.check(2);
  const said = await watched.watch.check();
  t.regex(said.join('\n'), /canary_percent \d+ -> \d+, because no problem was found for 00:00:00/);
  await sql("UPDATE reembed.setting SET canary_step_time = '1 hour'");
  const stood = await watched.setting('canary_percent');
  await watched.watch.check();
  t.is(await watched.setting('canary_percent'), stood, 'the hour is not over');
  await sql("UPDATE reembed.setting SET canary_step_time = '0'");
  await watched.watch.check(4);
  t.is(await watched.setting('canary_percent'), '50');
  t.true((await watched.events('canary_percent')).slice(0, 3).every(({ reason }) => reason?.startsWith('no problem was found')));

  await sql('UPDATE reembed.setting SET canary_percent = 5');
  await sql('UPDATE reembed.setting SET min_index_recall = 1; UPDATE reembed.validation SET index_recall = 0.99');
  const refused = [await watched.watch.check(), await watched.watch.check()].flat();
  t.regex(refused.join('\n'), /^[^\n]*: canary_percent stays 5, because the gate to canary is closed: .*index recall[^\n]*$/, 'once');
  const [withheld] = await watched.events('canary_growth');
  t.regex(withheld?.reason ?? '', /index recall/);
  t.is(await watched.setting('canary_percent'), '5');
  await sql(
    "UPDATE reembed.validation SET index_recall = 1; UPDATE reembed.event SET at = at - interval '11 minutes' WHERE kind = 'canary_growth'",
  );
  await watched.watch.check();
  t.is(await watched.setting('canary_percent'), '25');

  await sql('UPDATE reembed.setting SET canary_percent = 5');
  await sql("SELECT reembed.open_alert('public.documents.embedding', 'paused', 'warning', NULL, 'a test', '{}')");
  await sql('UPDATE reembed.setting SET paused = true');
  await sql(`INSERT INTO reembed.change_public_documents_embedding_fded1d (key_1, needs_old, needs_new) SELECT 1, false, true`);
  await watched.watch.check(2);
  t.is(await watched.setting('canary_percent'), '5');
  await sql('UPDATE reembed.setting SET paused = false; DELETE FROM reembed.change_public_documents_embedding_fded1d');
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('a role that gets the right to the live view while there is a canary may read for it after the next check', async (t) => {
    const role = `late_reader_${process.pid}`;
    await sql(`CREATE ROLE ${role}; GRANT SELECT (id, embedding) ON documents_live TO ${role}`);
    try {
      await sql('UPDATE reembed.setting SET canary_percent = 100');
      await sql(`GRANT SELECT (content) ON documents_live TO ${role}`);
      const granted = async () => {
        const columns = ['id', 'content', 'embedding', 'embedding_model'].map(
          (column) => `has_column_privilege('${role}', 'documents_new_model', '${column}', 'SELECT')`,
        );
        return Object.values((await sql(`SELECT ARRAY[${columns.join()}] AS granted`)).rows[0].granted);
      };
      t.deepEqual(await granted(), [true, false, true, false]);
      await watched.watch.check(2);
      t.deepEqual(await granted(), [true, true, true, false]);
      await sql(`GRANT SELECT ON documents_live TO ${role}`);
      await watched.watch.check();
      t.deepEqual(await granted(), [true, true, true, true]);
      const version = async () =>
        (
          await sql(
            "SELECT c.xmin, max(a.xmin::text) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relname = 'documents_new_model' GROUP BY 1",
          )
        ).rows;
      const before = await version();
      await watched.watch.check();
      t.deepEqual(await version(), before, 'nothing is granted twice');
    } finally {
      await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test.serial('a statement_timeout meant for the application keeps no canary from growing', async (t) => {
    const role = `watch_in_haste_${process.pid}`;
    const url = Object.assign(new URL(watched.stage.db.url), { username: role, password: 'only-for-this-test' });
    await sql(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'only-for-this-test';
      ALTER ROLE ${role} IN DATABASE ${url.pathname.slice(1)} SET statement_timeout = '200ms'`);
    // As the search of a large table is.
    await sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE UPDATE ON reembed.setting FOR EACH ROW WHEN (NEW.canary_percent > OLD.canary_percent) EXECUTE FUNCTION slow()`);
    const pool = new pg.Pool({ connectionString: url.href });
    try {
      await sql("UPDATE reembed.setting SET canary_percent = 1, canary_steps = '{1,5}', canary_step_time = '0', shadow_percent = 0");
      await createWatch({ ...watched.stage, database: { ...watched.stage.database, pool } }).check(2);
      t.is(await watched.setting('canary_percent'), '5');
    } finally {
      await pool.end();
      await sql(`DROP TRIGGER slow ON reembed.setting; DROP FUNCTION slow; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
}
