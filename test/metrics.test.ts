import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { UsageError } from '../src/errors.ts';
import { columnOf, METRICS, STATE_METRICS, type StateMetric, WORK_METRICS } from '../src/metrics/definitions.ts';
import { CannotListen, readListenAddress } from '../src/metrics/listen-address.ts';
import { createReadiness } from '../src/metrics/readiness.ts';
import { createRegistry } from '../src/metrics/registry.ts';
import { servePages, textPage } from '../src/metrics/server.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name), 'utf8');
const run = promisify(execFile);
const of = { target: 'public.documents.embedding', model: 'new-model' };

test('--listen takes an address with a port, and refuses a port alone, which would mean every network', (t) => {
  t.deepEqual(readListenAddress('127.0.0.1:9464'), { host: '127.0.0.1', port: 9464 });
  t.deepEqual(readListenAddress('[::1]:9464'), { host: '::1', port: 9464 });
  t.deepEqual(readListenAddress('localhost:0'), { host: 'localhost', port: 0 });
  for (const wrong of [
    '9464',
    ':9464',
    '*:9464',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:9464',
    'http://127.0.0.1:9464',
    '',
    ' ',
  ])
    t.throws(() => readListenAddress(wrong), { instanceOf: UsageError, message: /an address and a port/ }, wrong);
});

test('a page server answers its pages alone, says nothing of an error, and tells when it is open to every network', async (t) => {
  const server = await servePages(
    { host: '127.0.0.1', port: 0 },
    {
      '/livez': () => textPage(200, 'alive'),
      '/broken': () => Promise.reject(new Error('a text of a row')),
    },
  );
  t.teardown(server.close);
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://${server.at}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  t.deepEqual(await ask('/livez?verbose'), [200, 'alive\n']);
  t.deepEqual(await ask('/livez', 'HEAD'), [200, '']);
  t.deepEqual(await ask('/livez', 'POST'), [405, 'only GET and HEAD\n']);
  t.deepEqual(await ask('/broken'), [500, 'failed\n']);
  t.deepEqual(await ask('/__proto__'), [404, 'not found; there is /livez, /broken\n']);
  t.false(server.isOpenToAll);
  const open = await servePages({ host: '0.0.0.0', port: 0 }, {});
  t.true(open.isOpenToAll);
  await open.close();
});

test('an address that cannot be listened on is refused with the reason', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.teardown(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const listen = (host: string) => servePages({ host, port }, {});
  await t.throwsAsync(listen('127.0.0.1'), { instanceOf: CannotListen, message: `another process listens on 127.0.0.1:${port}` });
  await t.throwsAsync(listen('203.0.113.7'), { instanceOf: CannotListen, message: 'this host has no address 203.0.113.7' });
});

test('a worker is ready while it finds work and its queue answers, whatever else it waits for', (t) => {
  let now = 0;
  const stopping = new AbortController();
  const readiness = createReadiness(stopping.signal, () => now);
  t.is(readiness.obstacle, 'starting');
  readiness.lookedForWork();
  t.is(readiness.obstacle, undefined);
  now = 20_000;
  t.is(readiness.obstacle, 'no work could be looked for in 20 seconds');
  readiness.lookedForWork();
  readiness.queueFailed();
  t.is(readiness.obstacle, 'the queue fails');
  now = 26_000;
  t.is(readiness.obstacle, undefined);
  stopping.abort();
  t.is(readiness.obstacle, 'stopping');
});

test('counting never fails a job, and odd names stay within their label', async (t) => {
  const { monitor, expose } = createRegistry();
  for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY]) t.notThrows(() => monitor.counted(of, odd, 0.1));
  monitor.counted(of, 2_000_000, 0.13);
  monitor.counted({ target: 'a"b\n} 1', model: 'm' }, 5, null);
  monitor.requested(of, { kind: 'overloaded' }, false);
  monitor.requested(of, { kind: 'answered', seconds: 0.2 }, true);
  monitor.throttles('t', () => 0.25);
  const { text } = await expose(undefined, false);
  const labels = '{target="public.documents.embedding",model="new-model"}';
  for (const line of [
    `reembed_tokens_total${labels} 2000000`,
    `reembed_spend_usd_total${labels} 0.26`,
    'reembed_tokens_total{target="a\\"b\\n} 1",model="m"} 5',
    `reembed_provider_requests_total${labels} 2`,
    `reembed_provider_retries_total${labels} 1`,
    `reembed_provider_overloaded_total${labels} 1`,
    `reembed_provider_failures_total${labels} 1`,
    `reembed_provider_request_seconds_count${labels} 1`,
    'reembed_throttle_share{target="t"} 0.25',
    'reembed_database_up 0',
  ])
    t.true(text.split('\n').includes(line), line);
});

test('what a campaign no longer has is no longer exported, and counters begin at zero', async (t) => {
  const { expose } = createRegistry();
  const labels = '{target="public.documents.embedding",model="new-model"}';
  const first = await expose([{ ...of, figures: { phase: 2, eta_seconds: 60, rows_left: 0 } }], true);
  t.true(first.text.includes(`reembed_eta_seconds${labels} 60`));
  t.true(first.text.includes(`reembed_rows_left${labels} 0`));
  t.true(first.text.includes(`reembed_rows_stored_total${labels} 0`));
  const second = await expose([{ ...of, figures: { phase: 3, eta_seconds: null, rows_left: 0 } }], true);
  t.true(second.text.includes(`reembed_phase${labels} 3`));
  t.false(second.text.includes('reembed_eta_seconds{'));
  const away = await expose(undefined, false);
  t.false(away.text.includes('reembed_phase{'));
  t.true(away.text.includes(`reembed_rows_stored_total${labels} 0`));
});

const PAGE = 'docs/monitoring.md';

test('docs/monitoring.md lists every metric with its type, labels and meaning', (t) => {
  const row = (name: string) => {
    const { type, labels, help } = METRICS[name] as (typeof METRICS)[string];
    return `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${help} |`;
  };
  let page = read(PAGE);
  for (const [mark, metrics] of [
    ['metrics of the process', WORK_METRICS],
    ['metrics of the database', STATE_METRICS],
  ] as const) {
    const pattern = new RegExp(`(?<=<!-- ${mark} -->\\n.*\\n.*\\n)[^]*?(?=\\n<!-- end -->)`);
    const rows = Object.keys(metrics).map(row).join('\n');
    if (process.env.UPDATE_DOCS) page = page.replace(pattern, () => rows);
    t.is(pattern.exec(page)?.[0], rows);
  }
  if (process.env.UPDATE_DOCS) writeFileSync(pathOf(PAGE), page);
});

test('dashboard, alerts and queries name only metrics that exist, and every alert has its section', (t) => {
  const suffixes = /_(bucket|count|sum)$/;
  for (const file of ['deploy/grafana/dashboard.json', 'deploy/prometheus/alerts.yml', 'deploy/prometheus/alerts.test.yml', PAGE]) {
    const names = read(file).match(/\breembed_[a-z_]+[a-z]/g) ?? [];
    t.true(names.length > 10, file);
    for (const name of names) {
      const plain = METRICS[name.replace(suffixes, '')]?.type === 'histogram' ? name.replace(suffixes, '') : name;
      if (!/^reembed_(live|new_model)$/.test(name)) t.true(plain in METRICS, `${file}: ${name}`);
    }
  }
  const page = read(PAGE);
  const alerts = [...read('deploy/prometheus/alerts.yml').matchAll(/- alert: (\w+)[\s\S]*?runbook: (\S+)/g)];
  t.true(alerts.length > 10);
  for (const [, name = '', runbook] of alerts) {
    t.is(runbook, `${PAGE}#${name.toLowerCase()}`);
    t.true(page.includes(`\n### ${name}\n`), name);
    t.true(read('deploy/prometheus/alerts.test.yml').includes(name), `${name} is tried`);
  }
  const queries = [...read('deploy/postgres-exporter/queries.yml').matchAll(/- (\w+):\n +usage: "(\w+)"\n +description: "(.*)"/g)];
  t.deepEqual(
    queries.filter(([, , usage]) => usage === 'GAUGE').map(([, column, , help]) => [column, help]),
    Object.entries(STATE_METRICS).map(([name, help]) => [columnOf(name as StateMetric), help]),
  );
  for (const [, path = ''] of page.matchAll(/\]\((?!http)([^)#]+)/g)) t.true(existsSync(pathOf(`docs/${path}`)), path);
});

test('the dashboard shows every metric, in panels that do not overlap', (t) => {
  const text = read('deploy/grafana/dashboard.json');
  for (const name of Object.keys(METRICS)) t.true(text.includes(name), name);
  const { panels } = JSON.parse(text) as { panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[] };
  const taken = new Set<string>();
  for (const { id, gridPos } of panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.true(x < 24 && !taken.has(`${x} ${y}`), `panel ${id} at ${x}, ${y}`);
        taken.add(`${x} ${y}`);
      }
});

const promtool = process.env.TEST_PROMTOOL;
if (promtool) {
  test('promtool accepts the alerts and the example, finds each alert raised when it should be, and our metrics named as is usual', async (t) => {
    const tool = (args: string) => run('sh', ['-c', `cd ${pathOf('deploy/prometheus')} && ${promtool} ${args}`]);
    await t.notThrowsAsync(tool('check rules --lint=all --lint-fatal alerts.yml'));
    await t.notThrowsAsync(tool('check config prometheus.yml'));
    await t.notThrowsAsync(tool('test rules alerts.test.yml'));
    const { monitor, expose } = createRegistry();
    monitor.requested(of, { kind: 'answered', seconds: 1 }, false);
    monitor.stored(of, 1, 1);
    const { text } = await expose([{ ...of, figures: { phase: 2 } }], true);
    const ours = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?reembed_/.test(line));
    const checking = tool('check metrics');
    checking.child.stdin?.end(`${ours.join('\n')}\n`);
    t.is((await checking).stderr, '');
  });
} else {
  test('the alerts are tried by the promtool that TEST_PROMTOOL names', (t) => {
    t.is(promtool, undefined);
  });
}
