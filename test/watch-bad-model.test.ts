import test from 'ava';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery } from '../src/index.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { type ScriptedAnswer, type SeenRequest, vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch, type Watch } from './harness/watch.ts';

const SAMPLE = 40;

let stage: Stage;
let campaign: string;
let watch: Watch;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  campaign = await stage.createUsual();
  watch = createWatch(stage);
});
test.beforeEach(async () => {
  stage.provider.script = () => undefined;
  await stage.bring(campaign, 'index');
  await sql('UPDATE reembed.setting SET min_overlap = 0');
  // The real one: how far the two agree is what the watch measures by.
  const validated = await stage.workplace.run(['validate', '--sample', '60', '--json']);
  if (validated.code !== 0) throw new Error(validated.stderr);
  await sql(`UPDATE reembed.setting SET shadow_percent = 100, shadow_per_second = 1000, shadow_sample = ${SAMPLE}, known_items = 10, alert_after = '0',
    auto_revert = false, canary_steps = NULL, max_latency_ratio = NULL, min_shadow_overlap = NULL`);
});
test.afterEach.always(async () => {
  await sql('DELETE FROM reembed.alert; DELETE FROM reembed.known_item; DELETE FROM reembed.shadow_read');
  await switchTo(OLD_MODEL);
  await stage.bring(campaign, 'backfill');
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const setting = async (name: string) => (await sql(`SELECT ${name}::text AS value FROM reembed.setting`)).rows[0].value;
const switchTo = (model: string) => sql("SELECT reembed.switch_to('documents', $1)", [model]);

/** A model that has become another one behind its name: what it gives does not fit what is stored. */
const turnedInto =
  (bad: string) =>
  ({ model, input }: SeenRequest): ScriptedAnswer =>
    model === bad ? { vectors: input.map((text) => vectorOf('another-model', text, bad === NEW_MODEL ? NEW_DIMENSIONS : 16)) } : undefined;

/** Searches of many readers, with the package's client and a real provider, until enough were followed by a shadow read. */
async function traffic(): Promise<void> {
  const config = readConfig({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  const client = createSearchClient(stage.db.pool, { target: 'documents', config });
  for (let i = 1; client.shadowReads.recorded < SAMPLE; i++) {
    await client.search(textOf(i * 7), top, { key: `reader ${i}`, ids: (found) => found });
  }
  await client.close();
}

async function top({ model, vector, view }: EmbeddedQuery): Promise<string[]> {
  const { rows } = await sql(
    `SELECT id FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
    [model, vector],
  );
  return rows.map(({ id }) => id);
}

/** The last events of a kind, newest first. */
async function events(kind: string): Promise<{ from_value: string; to_value: string; reason: string }[]> {
  return (await sql('SELECT from_value, to_value, reason FROM reembed.event WHERE kind = $1 ORDER BY id DESC', [kind])).rows;
}

test.serial('a healthy model is left alone: no alert at the canary, none after the switch, and nothing goes back', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30, auto_revert = true');
  await traffic();
  t.deepEqual(await watch.look(3), []);
  t.deepEqual([await setting('canary_percent'), await watch.kinds()], ['30', []]);
  await switchTo(NEW_MODEL);
  await traffic();
  t.deepEqual(await watch.look(3), []);
  t.deepEqual([await setting('read_model'), await watch.kinds()], [NEW_MODEL, []]);
  const { rows } = await sql(
    'SELECT model, avg(found::int)::float AS found, count(*)::int FROM reembed.known_item GROUP BY model ORDER BY model',
  );
  t.deepEqual(rows, [
    { model: NEW_MODEL, found: 1, count: 60 },
    { model: OLD_MODEL, found: 1, count: 60 },
  ]);
  // Contract waits until nobody scans the old index, and the watch is nobody.
  const [before, , after] = [await oldIndexScans(), await watch.look(2), await oldIndexScans()];
  t.is(after, before);
  const [overlap] = (await sql("SELECT is_bad, details FROM reembed.check_shadow('public.documents.embedding') WHERE kind = 'overlap'"))
    .rows;
  t.false(overlap.is_bad);
  t.log(overlap.details);
});

async function oldIndexScans(): Promise<string> {
  // What a session counted is handed on when it has been idle for a second.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  return (await sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'documents_embedding_idx'")).rows[0].idx_scan;
}

test.serial('a model that became bad is caught at the canary, whose readers are taken back without a hand', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30');
  await traffic();
  await watch.look(2);
  stage.provider.script = turnedInto(NEW_MODEL);
  await traffic();
  const said = await watch.look(2);
  t.deepEqual(await watch.kinds(), ['known_items', 'overlap']);
  for (const { severity, model, message } of await watch.alerts()) {
    t.deepEqual([severity, model], ['critical', NEW_MODEL]);
    t.log(message);
  }
  t.is(await setting('canary_percent'), '0');
  const [event] = await events('canary_percent');
  t.deepEqual([event?.from_value, event?.to_value], ['30', '0']);
  t.regex(event?.reason ?? '', /^alert (overlap|known_items): /);
  t.true(
    said.some((line) => line.includes('canary_percent 30 -> 0, because alert')),
    said.join('\n'),
  );

  await t.throwsAsync(sql('UPDATE reembed.setting SET canary_percent = 1'), { code: 'RE001', message: /alert known_items is open/ });
  await t.throwsAsync(switchTo(NEW_MODEL), { code: 'RE001', message: /alert overlap is open/ });

  stage.provider.script = () => undefined;
  await traffic();
  await watch.look(4);
  t.deepEqual(await watch.kinds(), []);
  await sql('UPDATE reembed.setting SET canary_percent = 1');
});

test.serial('after the switch a bad model is an alert, and with auto_revert the old one is read again', async (t) => {
  await switchTo(NEW_MODEL);
  await traffic();
  await watch.look(2);
  stage.provider.script = turnedInto(NEW_MODEL);
  await traffic();
  await watch.look(2);
  t.deepEqual(await watch.kinds(), ['known_items', 'overlap']);
  t.is(await setting('read_model'), NEW_MODEL, 'auto_revert is off');

  await sql('UPDATE reembed.setting SET auto_revert = true');
  await watch.look();
  t.is(await setting('read_model'), OLD_MODEL);
  const [event] = await events('read_model');
  t.deepEqual([event?.from_value, event?.to_value], [NEW_MODEL, OLD_MODEL]);
  t.regex(event?.reason ?? '', /^alert (overlap|known_items): /);
  t.deepEqual((await sql('SELECT DISTINCT embedding_model AS model FROM documents_live')).rows, [{ model: OLD_MODEL }]);
  t.true((await watch.alerts()).some(({ details }) => details.answer === `read_model ${NEW_MODEL} -> ${OLD_MODEL}`));
  const switches = (await events('read_model')).length;
  await watch.look(2);
  t.is((await events('read_model')).length, switches, 'once');
});

test.serial('vectors that were stored in the wrong rows are caught too', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30');
  await sql('UPDATE documents AS d SET embedding_v2 = o.embedding_v2 FROM documents AS o WHERE o.id = d.id % 300 + 1');
  await traffic();
  await watch.look(2);
  t.deepEqual(await watch.kinds(), ['known_items', 'overlap']);
  t.is(await setting('canary_percent'), '0');
  await stage.bring(campaign, 'expand');
  await sql('UPDATE documents SET embedding_v2 = NULL');
});

test.serial('when it is the old model that became bad nothing goes back to it', async (t) => {
  await switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true');
  stage.provider.script = turnedInto(OLD_MODEL);
  await traffic();
  await watch.look(3);
  t.deepEqual((await watch.alerts()).map(({ kind, severity, model }) => `${kind} ${severity} ${model}`).sort(), [
    `old_known_items warning ${OLD_MODEL}`,
    `overlap warning ${OLD_MODEL}`,
  ]);
  t.is(await setting('read_model'), NEW_MODEL);
});

test.serial('an old model that is not kept current is no way back, and that is put on record once', async (t) => {
  await switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true, keep_old_current = false');
  stage.provider.script = turnedInto(NEW_MODEL);
  await watch.look(4);
  t.deepEqual(await watch.kinds(), ['known_items']);
  t.is(await setting('read_model'), NEW_MODEL);
  const withheld = (await events('auto_revert')).filter(({ to_value }) => to_value.startsWith('withheld'));
  t.deepEqual(
    withheld.map(({ to_value }) => to_value),
    [`withheld: ${OLD_MODEL} is not kept current`],
  );
  await sql('UPDATE reembed.setting SET keep_old_current = true');
  await stage.work();
});

test.serial('without known items nothing is known of the old model, and nobody is sent back to it', async (t) => {
  await switchTo(NEW_MODEL);
  await sql('UPDATE reembed.setting SET auto_revert = true, known_items = 0');
  stage.provider.script = turnedInto(NEW_MODEL);
  await traffic();
  await watch.look(2);
  t.deepEqual(await watch.kinds(), ['overlap']);
  t.is(await setting('read_model'), NEW_MODEL);
  t.regex((await watch.alerts())[0]?.details.answer as string, /no way back: without known items nothing is known of old-model/);
});

test.serial('a new model whose provider fails the canary loses its readers, and nobody sees an error', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 100, known_items = 0');
  stage.provider.script = ({ model }) => (model === NEW_MODEL ? { status: 401 } : undefined);
  await traffic();
  await watch.look();
  t.deepEqual(await watch.kinds(), ['shadow_errors']);
  t.regex((await watch.alerts())[0]?.message ?? '', /40 of 40 searches failed with new-model \(provider_login\)/);
  t.is(await setting('canary_percent'), '0');
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
    const client = createSearchClient(stage.db.pool, { target: 'documents', embed });
    for (let i = 1; i <= 10 * SAMPLE; i++) await client.search(textOf(i), top, { key: 'ann', ids: (found) => found });
    await client.close();
    await watch.look(2);
    t.deepEqual([await watch.kinds(), await setting('canary_percent')], [[], '100'], `${percent} %`);
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
  await watch.look(2);
  t.deepEqual([await watch.kinds(), await setting('canary_percent')], [['overlap'], '0']);
});

test.serial('without shadow reads a provider that is away takes the canary back as soon as the watch gets no vectors', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30, shadow_percent = 0');
  stage.provider.script = ({ model }) => (model === NEW_MODEL ? { status: 401 } : undefined);
  await watch.look(2);
  t.deepEqual([await watch.kinds(), await setting('canary_percent')], [['provider'], '0']);
});

test.serial('searches that are slower with the new model take the canary back to the step it came from, and no further', async (t) => {
  await sql('UPDATE reembed.setting SET max_latency_ratio = 3');
  for (const percent of [5, 25]) await sql('UPDATE reembed.setting SET canary_percent = $1', [percent]);
  const record = (milliseconds: number) =>
    sql(
      `SELECT reembed.record_shadow_read('documents', $1, $2, false, 10, 1, 10, $3, 5, 5, NULL, NULL, NULL) FROM generate_series(1, ${SAMPLE})`,
      [OLD_MODEL, NEW_MODEL, milliseconds],
    );
  await record(25);
  await watch.look();
  t.deepEqual(await watch.kinds(), []);
  await record(35);
  await watch.look(3);
  t.deepEqual(await watch.kinds(), ['latency']);
  t.regex((await watch.alerts())[0]?.message ?? '', /35.0 ms with new-model and 10.0 ms with old-model at the median/);
  t.is(await setting('canary_percent'), '5');
  await t.throwsAsync(sql('UPDATE reembed.setting SET canary_percent = 6'), { code: 'RE001', message: /alert latency is open/ });
  await sql("UPDATE reembed.setting SET canary_steps = '{5,25}', canary_step_time = '0', known_items = 0, shadow_percent = 100");
  await record(10);
  await watch.look(3);
  t.deepEqual(await watch.kinds(), []);
  t.is(await setting('canary_percent'), '5', 'what an alert took back does not grow by itself');
  await sql('UPDATE reembed.setting SET canary_percent = 4');
  await watch.look(2);
  t.is(await setting('canary_percent'), '25');
});

test.serial('a canary with steps grows while it is healthy, stands still while it is not, and ends at its last step', async (t) => {
  await sql("UPDATE reembed.setting SET canary_percent = 1, canary_steps = '{1,5,25,50}', canary_step_time = '0'");
  t.deepEqual(await watch.look(), [], 'too little was seen to say that it is healthy');
  await traffic();
  await watch.look(2);
  const said = await watch.look();
  t.regex(said.join('\n'), /canary_percent \d+ -> \d+, because nothing was amiss for 00:00:00/);
  await sql("UPDATE reembed.setting SET canary_step_time = '1 hour'");
  const stood = await setting('canary_percent');
  await watch.look();
  t.is(await setting('canary_percent'), stood, 'the hour is not over');
  await sql("UPDATE reembed.setting SET canary_step_time = '0'");
  await watch.look(4);
  t.is(await setting('canary_percent'), '50');
  t.true((await events('canary_percent')).slice(0, 3).every(({ reason }) => reason?.startsWith('nothing was amiss')));

  await sql('UPDATE reembed.setting SET canary_percent = 5');
  await sql("SELECT reembed.open_alert('public.documents.embedding', 'paused', 'warning', NULL, 'a test', '{}')");
  await sql('UPDATE reembed.setting SET paused = true');
  await sql(`INSERT INTO reembed.stale_row (target, key, needs_old, needs_new) SELECT name, '{"id": 1}', false, true FROM reembed.target`);
  await watch.look(2);
  t.is(await setting('canary_percent'), '5');
  await sql('UPDATE reembed.setting SET paused = false; DELETE FROM reembed.stale_row');
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('a statement_timeout meant for the application keeps no canary from growing', async (t) => {
    const role = `watch_in_haste_${process.pid}`;
    const url = Object.assign(new URL(stage.db.url), { username: role, password: 'only-for-this-test' });
    await sql(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'only-for-this-test';
      ALTER ROLE ${role} IN DATABASE ${url.pathname.slice(1)} SET statement_timeout = '200ms'`);
    // As the search of a large table is.
    await sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE UPDATE ON reembed.setting FOR EACH ROW WHEN (NEW.canary_percent > OLD.canary_percent) EXECUTE FUNCTION slow()`);
    const pool = new pg.Pool({ connectionString: url.href });
    try {
      await sql("UPDATE reembed.setting SET canary_percent = 1, canary_steps = '{1,5}', canary_step_time = '0', shadow_percent = 0");
      await createWatch({ ...stage, database: { ...stage.database, pool } }).look(2);
      t.is(await setting('canary_percent'), '5');
    } finally {
      await pool.end();
      await sql(`DROP TRIGGER slow ON reembed.setting; DROP FUNCTION slow; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
}
