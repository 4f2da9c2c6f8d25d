import test from 'ava';
import pg from 'pg';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch, type Watch } from './harness/watch.ts';

let stage: Stage;
let campaign: string;
let watch: Watch;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 200);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'switch');
  watch = createWatch(stage);
});
test.beforeEach(async () => {
  await sql("UPDATE reembed.setting SET alert_after = '0', known_items = 0");
});
test.after.always(() => stage.close());

const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;
const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** Something wrong, how it is brought about and how it is fixed. */
const TROUBLES: Record<string, { severity: string; model: string | null; make: string; fix: string; message: RegExp }> = {
  backlog: {
    severity: 'warning',
    model: null,
    make: "INSERT INTO reembed.change_public_documents_embedding_fded1d (key_1, needs_old, needs_new, changed_at) SELECT 1, false, true, now() - interval '400 seconds'",
    fix: 'DELETE FROM reembed.change_public_documents_embedding_fded1d',
    message: /has waited for its vector for 40\d s \(max_outdated_seconds: 300\)/,
  },
  failed_rows: {
    severity: 'warning',
    model: NEW_MODEL,
    make: "INSERT INTO reembed.failed_row (target, key, model, class, message) SELECT name, '{\"id\": 1}', 'new-model', 'refused', 'no' FROM reembed.target",
    fix: 'DELETE FROM reembed.failed_row',
    message: /1 row could not be embedded with new-model, 0 are allowed/,
  },
  paused: {
    severity: 'warning',
    model: null,
    make: `UPDATE reembed.setting SET paused = true, paused_reason = 'no credit';
           INSERT INTO reembed.change_public_documents_embedding_fded1d (key_1, needs_old, needs_new) SELECT 1, false, true`,
    fix: 'UPDATE reembed.setting SET paused = false; DELETE FROM reembed.change_public_documents_embedding_fded1d',
    message: /paused while work is pending: no credit/,
  },
  ledger: {
    severity: 'warning',
    model: NEW_MODEL,
    make: "UPDATE reembed.batch SET state = 'pending'",
    fix: "UPDATE reembed.batch SET state = 'done'",
    message: /1 batch is pending again/,
  },
  index: {
    severity: 'critical',
    model: NEW_MODEL,
    make: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'documents_embedding_v2_idx'::regclass",
    fix: "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'documents_embedding_v2_idx'::regclass",
    message: /index documents_embedding_v2_idx is missing or INVALID/,
  },
  live_view: {
    severity: 'critical',
    model: null,
    make: "SELECT reembed.replace_view('public.documents.embedding', 'documents_live', 'old-model')",
    fix: "SELECT reembed.replace_views('public.documents.embedding')",
    message: /documents_live does not read new-model/,
  },
};

for (const [kind, trouble] of Object.entries(TROUBLES)) {
  test.serial(`${kind}: an alert is opened once, and closes when the cause is gone`, async (t) => {
    await watch.check();
    t.deepEqual(await watch.kinds(), []);
    await sql(trouble.make);
    const said = await watch.check(2);
    t.is(said.filter((line) => line.includes(`alert ${kind} (${trouble.severity}) opened`)).length, 1, said.join('\n'));
    const [alert, ...more] = await watch.alerts();
    t.deepEqual(more, []);
    t.deepEqual([alert?.kind, alert?.severity, alert?.model], [kind, trouble.severity, trouble.model]);
    t.regex(alert?.message ?? '', trouble.message);
    const health = await sql('SELECT reason FROM reembed.health WHERE NOT throttles');
    t.true(health.rows.some(({ reason }) => reason.includes(`alert ${kind}`)));
    await sql(trouble.fix);
    await watch.check();
    t.deepEqual(await watch.kinds(), []);
    t.is((await watch.alerts('all')).at(-1)?.closed_because, 'the cause is gone');
    const { rows } = await sql("SELECT from_value, to_value FROM reembed.event WHERE kind = 'alert' ORDER BY id DESC LIMIT 2");
    t.deepEqual(rows, [
      { from_value: kind, to_value: null },
      { from_value: null, to_value: kind },
    ]);
  });
}

test.serial('a problem that lasts only a moment opens no alert', async (t) => {
  await sql("UPDATE reembed.setting SET alert_after = '1 minute'");
  const { make = '', fix = '' } = TROUBLES.backlog ?? {};
  await sql(make);
  await watch.check(2);
  t.deepEqual(await watch.kinds(), []);
  await sql(fix);
  await watch.check();
  t.deepEqual((await sql('SELECT suspected FROM reembed.watch_memory')).rows, [{ suspected: {} }]);
  await sql(make);
  await watch.check();
  const aMinuteAgo = `jsonb_build_object('backlog', now() - interval '61 seconds')`;
  await sql(`UPDATE reembed.watch_memory SET suspected = ${aMinuteAgo}`);
  await watch.check();
  t.deepEqual(await watch.kinds(), ['backlog']);
  await sql(fix);
  await watch.check();
});

test.serial(
  'contract and a larger canary are refused while an alert is open, a switch only while one speaks against the new model',
  async (t) => {
    await sql("UPDATE reembed.setting SET soak = '0'");
    const gate = async (phase: string) =>
      (await sql('SELECT condition, remedy FROM reembed.open_conditions($1, $2)', [campaign, phase])).rows.filter(({ condition }) =>
        condition.startsWith('alert'),
      );
    t.deepEqual(await gate('contract'), []);
    await sql("SELECT reembed.open_alert('public.documents.embedding', 'paused', 'warning', NULL, 'a test', '{}')");
    const [condition] = await gate('contract');
    t.regex(condition.condition, /^alert paused has been open since .*: a test$/);
    t.regex(condition.remedy, /reembed.close_alert\('public.documents.embedding', 'paused', 'why'\)/);
    t.is((await gate('canary')).length, 1);
    t.is((await gate('switch')).length, 0);
    await sql(`SELECT reembed.open_alert('public.documents.embedding', 'overlap', 'critical', '${OLD_MODEL}', 'a test', '{}')`);
    t.is((await gate('switch')).length, 0);
    await sql(`UPDATE reembed.alert SET model = '${NEW_MODEL}' WHERE kind = 'overlap'`);
    t.is((await gate('switch')).length, 1);
    const up = await stage.up();
    t.regex(JSON.stringify(up.waiting), /alert paused has been open since/);

    const { rows } = await sql(
      "SELECT reembed.close_alert('documents', 'overlap', 'looked into by Ann') AS closed, reembed.close_alert('documents', 'overlap', 'again') AS again",
    );
    t.deepEqual(rows, [{ closed: true, again: false }]);
    const { rows: events } = await sql("SELECT reason FROM reembed.event WHERE kind = 'alert' ORDER BY id DESC LIMIT 1");
    t.deepEqual(events, [{ reason: 'looked into by Ann' }]);
    await watch.check();
    t.deepEqual(await watch.kinds(), []);
  },
);

test.serial('rows that the live view does not find are counted, by a search of the table once an hour', async (t) => {
  await sql('UPDATE documents SET embedding_v2 = NULL WHERE id <= 3; TRUNCATE reembed.change_public_documents_embedding_fded1d');
  await watch.check();
  t.deepEqual(await watch.kinds(), [], 'searched a moment ago');
  await sql("UPDATE reembed.watch_memory SET scanned_at = now() - interval '61 minutes'");
  await watch.check();
  const [alert] = await watch.alerts();
  t.deepEqual([alert?.kind, alert?.model], ['coverage', NEW_MODEL]);
  t.regex(alert?.message ?? '', /^3 rows lack a vector of new-model/);
  await sql('UPDATE documents SET embedding_v2 = (SELECT embedding_v2 FROM documents WHERE id = 4) WHERE id <= 3');
  t.deepEqual((await sql("SELECT reembed.scan_coverage('documents') AS again, reembed.scan_coverage('documents', '0') AS now")).rows, [
    { again: false, now: true },
  ]);
  await watch.check();
  t.deepEqual(await watch.kinds(), []);
});

testOnServer?.serial('searches that read a whole large table instead of the index are seen', async (t) => {
  await sql(
    `INSERT INTO documents (id, content, embedding, embedding_v2) SELECT 1000 + i, NULL, NULL, NULL FROM generate_series(1, 12000) AS i; ANALYZE documents`,
  );
  await sql('DELETE FROM reembed.change_public_documents_embedding_fded1d');
  const search = async (settings: string) => {
    const client = await stage.db.pool.connect();
    await client.query(settings);
    for (let i = 0; i < 15; i++)
      await client.query(
        'SELECT id FROM documents_live ORDER BY embedding <=> (SELECT embedding FROM documents_live WHERE id = 9) LIMIT 5',
      );
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    // What a session counted is handed on before it is gone.
    client.release(true);
    await until(
      async () => (await sql('SELECT FROM pg_stat_activity WHERE pid = $1', [rows[0]?.pid])).rowCount === 0,
      'the end of the session',
    );
  };
  await watch.check();
  await search('SET enable_seqscan = off');
  await watch.check();
  t.deepEqual(await watch.kinds(), []);
  await search('SET enable_indexscan = off');
  await watch.check();
  const [alert] = await watch.alerts();
  t.is(alert?.kind, 'index_use');
  t.regex(
    alert?.message ?? '',
    /searches read the whole table: 15 scans of it since the last check, none of the index on the vectors of new-model/,
  );
  await search('SET enable_seqscan = off');
  await watch.check();
  t.deepEqual(await watch.kinds(), []);
  await sql('DELETE FROM documents WHERE id > 1000; DELETE FROM reembed.change_public_documents_embedding_fded1d');
});

test.serial('a check that fails keeps none of the others from looking, and is an alert itself', async (t) => {
  await sql('ALTER FUNCTION reembed.check_coverage(text) RENAME TO hidden');
  await sql(TROUBLES.backlog?.make ?? '');
  await watch.check(2);
  t.deepEqual(await watch.kinds(), ['backlog', 'watch']);
  t.regex(
    (await watch.alerts()).find(({ kind }) => kind === 'watch')?.message ?? '',
    /the watch could not run check_coverage: function .* does not exist/,
  );
  await sql('ALTER FUNCTION reembed.hidden(text) RENAME TO check_coverage');
  await sql(TROUBLES.backlog?.fix ?? '');
  await watch.check();
  t.deepEqual(await watch.kinds(), []);
});

test.serial('whoever listens hears of an alert that is opened and of one that is closed', async (t) => {
  const listener = new pg.Client({ connectionString: stage.db.url });
  await listener.connect();
  const heard: Record<string, unknown>[] = [];
  listener.on('notification', ({ payload }) => heard.push(JSON.parse(payload ?? '{}')));
  await listener.query('LISTEN reembed');
  await sql(TROUBLES.failed_rows?.make ?? '');
  await watch.check();
  await sql(TROUBLES.failed_rows?.fix ?? '');
  await watch.check();
  await until(async () => (await listener.query('SELECT 1')) && heard.length >= 2, 'two notices', 10);
  await listener.end();
  t.deepEqual(
    heard.map(({ alert, state, severity, target }) => ({ alert, state, severity, target })),
    ['opened', 'closed'].map((state) => ({ alert: 'failed_rows', state, severity: 'warning', target: 'public.documents.embedding' })),
  );
});

test.serial('npm run alerts shows the alerts, and runs the checks itself with --check', async (t) => {
  const run = (args: string[]) => stage.workplace.run(['alerts', ...args]);
  t.regex((await run([])).stderr, /no alert is open/);
  await sql(TROUBLES.failed_rows?.make ?? '');
  const looked = await run(['--check', '--json']);
  t.is(looked.code, 0, looked.stderr);
  t.deepEqual(
    (JSON.parse(looked.stdout) as { kind: string }[]).map(({ kind }) => kind),
    ['failed_rows'],
  );
  const shown = await run(['--target', 'documents']);
  t.regex(shown.stderr, /failed_rows/);
  await sql(TROUBLES.failed_rows?.fix ?? '');
  await run(['--check']);
  t.regex((await run(['--all'])).stderr, /closed [\s\S]*failed_rows/);
});
