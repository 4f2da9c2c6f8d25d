import { fileURLToPath } from 'node:url';
import test from 'ava';
import { columnOf, STATE_METRICS, type StateMetric } from '../src/metrics/definitions.ts';
import { startCampaign } from './harness/campaign.ts';
import { NEW_MODEL } from './harness/documents.ts';
import { startForeground } from './harness/foreground.ts';
import { createLogin } from './harness/roles.ts';
import { createStage, type Stage } from './harness/stage.ts';

// A command that serves a file of queries on a port, such as that of .ci/postgres-exporter. It needs a real server.
const exporter = process.env.TEST_EXPORTER;
const testExporter = process.env.TEST_DATABASE_URL && exporter ? test : test.skip;
const QUERIES = fileURLToPath(new URL('../deploy/postgres-exporter/queries.yml', import.meta.url));

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
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
