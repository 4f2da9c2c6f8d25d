import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { columnOf, STATE_METRICS, type StateMetric } from '../src/metrics/definitions.ts';
import { removeCampaigns, startCampaign } from './harness/campaign.ts';
import { NEW_MODEL } from './harness/documents.ts';
import { startForeground } from './harness/foreground.ts';
import { createLogin } from './harness/roles.ts';
import { createStage, type Stage } from './harness/stage.ts';

// A command that serves a file of queries on a port, such as that of .ci/postgres-exporter. It needs a real server.
const exporter = process.env.TEST_EXPORTER;
const testExporter = process.env.TEST_DATABASE_URL && exporter ? test.serial : test.serial.skip;
const QUERIES = fileURLToPath(new URL('../deploy/postgres-exporter/queries.yml', import.meta.url));

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

testExporter(
  'a real postgres_exporter exports the view under the names of the workers, with the right that the queries name alone',
  async (t) => {
    const { target } = await startCampaign(stage, 'exported', { rows: 40 });
    await stage.db.pool.query("UPDATE exported SET content = 'changed' WHERE id <= 3");
    const role = await createLogin(t, stage.db, 'exporter', (name) => [`GRANT SELECT ON reembed.metrics TO ${name}`]);
    const { port, close } = await startForeground(
      `env DATA_SOURCE_NAME='${role.url}?sslmode=disable' ${exporter} ${QUERIES}`,
      'postgres_exporter',
      'SIGTERM',
    );
    t.teardown(close);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const exported = (name: string, labels = '') => {
      const [, value] = new RegExp(`^${name}${labels.replaceAll(/[{}.]/g, '\\$&')} (\\S+)$`, 'm').exec(text) ?? [];
      return value === undefined ? undefined : Number(value);
    };
    t.is(exported('pg_exporter_last_scrape_error'), 0, text);
    const { rows } = await stage.db.pool.query<Record<string, number | null>>('SELECT * FROM reembed.metrics');
    t.like(rows[0], { rows_left: 40, changes_waiting: 3, eta_seconds: null });
    for (const name of Object.keys(STATE_METRICS) as StateMetric[]) {
      if (name === 'reembed_change_lag_seconds') continue; // grows meanwhile
      const figure = rows[0]?.[columnOf(name)] ?? Number.NaN;
      t.is(exported(name, `{model="${NEW_MODEL}",server="${new URL(role.url).host}",target="${target}"}`), figure, name);
    }
  },
);

test.serial('reembed.metrics explains its figures as the metrics do, and a role that may read it alone can export them', async (t) => {
  await startCampaign(stage, 'exported', { rows: 20 });
  const { pool } = stage.db;
  const { rows: comments } = await pool.query<{ column: string; help: string }>(
    `SELECT a.attname AS column, col_description(a.attrelid, a.attnum) AS help FROM pg_attribute AS a
      WHERE a.attrelid = 'reembed.metrics'::regclass AND a.attnum > 2 ORDER BY a.attnum`,
  );
  t.deepEqual(
    comments,
    Object.entries(STATE_METRICS).map(([name, help]) => ({ column: columnOf(name as StateMetric), help })),
  );
  await pool.query('UPDATE reembed.model SET usd_per_million_tokens = 10 WHERE name = $1', [NEW_MODEL]);
  await pool.query("UPDATE reembed.setting SET max_tokens = 1000, max_usd = 5, paused = true, paused_by = 'person'");
  await pool.query(
    "INSERT INTO reembed.alert (target, kind, severity, message) SELECT name, 'latency', 'critical', 'slow' FROM reembed.target",
  );
  await pool.query("UPDATE exported SET content = 'changed' WHERE id <= 3");
  const page = readFileSync(new URL('../docs/monitoring.md', import.meta.url), 'utf8');
  const [, documented = ''] = /```sql\n(.*?)```/s.exec(page) ?? [];
  t.like((await pool.query(documented)).rows, [{ phase: 2, rows_left: 20, changes_waiting: 3, alerts_open: 1 }]);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    if (process.env.TEST_DATABASE_URL) {
      await client.query(
        'CREATE ROLE reembed_test_exporter; GRANT SELECT ON reembed.metrics TO reembed_test_exporter; SET LOCAL ROLE reembed_test_exporter',
      );
    }
    const { rows } = await client.query('SELECT * FROM reembed.metrics');
    t.like(rows, [{ alerts_critical: 1, paused: 1, throttled: 1, spend_cap_used_ratio: 0, eta_seconds: null, validation_verdict: null }]);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});
