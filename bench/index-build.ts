import { loadavg } from 'node:os';
import { Command, Option } from 'commander';
import pg from 'pg';
import { list } from '../src/commands/parse-option.ts';
import { createStormDatabase } from '../storm/server.ts';
import { createWorkplace } from '../test/harness/command.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { asParameter, createVectors } from './clustered-vectors.ts';
import { GATE_CLOSED, succeed } from './succeed.ts';

interface Options {
  rows: string[];
  dimensions: string[];
  type: 'vector' | 'halfvec';
  indexWith?: string;
}

/** One index build, as recorded in reembed.event. */
interface Build {
  rows: number;
  dimensions: number;
  type: string;
  /** the chosen build settings, as text */
  chosen: string;
  predicted_seconds: number;
  actual_seconds: number;
  /** predicted / actual */
  ratio: number;
  /** number of runnable processes at the end of the build, its own included */
  load: number;
}

const ROWS_AT_ONCE = 500;

const command = new Command('bench:index')
  .description(
    'Builds the index of campaigns and compares its duration with the prediction. ' +
      'Makes databases of its own on the server of DATABASE_URL and drops them.',
  )
  .option('--rows <list>', 'rows of the tables, separated by commas (default: 10000,100000)', list, [])
  .option('--dimensions <list>', 'dimensions, separated by commas (default: 384,768,1536)', list, [])
  .addOption(new Option('--type <name>', 'element type').choices(['vector', 'halfvec']).default('vector'))
  .option('--index-with <parameters>', 'storage parameters of the index, such as "m = 16, ef_construction = 64"');

await runBench(command, async ({ rows, dimensions, ...options }: Options) => {
  const builds: Build[] = [];
  for (const size of dimensions.length > 0 ? dimensions : ['384', '768', '1536'])
    for (const count of rows.length > 0 ? rows : ['10000', '100000'])
      builds.push(await build(benchServer(), Number(count), Number(size), options));
  return withSetting(options, { builds }, tableOf(builds));
});

/** Brings a campaign to the gate of the index, stores the vectors as workers would have left them, and lets `up` build the index. */
async function build(
  serverUrl: string,
  rows: number,
  dimensions: number,
  { type, indexWith }: Omit<Options, 'rows' | 'dimensions'>,
): Promise<Build> {
  const server = await createStormDatabase(serverUrl, undefined, false);
  const workplace = createWorkplace({
    DATABASE_URL: server.url,
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('REEMBED_INDEX_'))),
  });
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`CREATE TABLE documents (id bigint PRIMARY KEY, content text NOT NULL, embedding ${type}(3))`);
    await client.query("INSERT INTO documents VALUES (0, 'some text', '[1,2,3]')");
    const create = ['--table', 'documents', '--text', 'content', '--from', 'old', '--to', 'new', '--dimensions', String(dimensions)];
    await succeed(workplace, ['migrate', 'create', ...create, '--no-probe', ...(indexWith ? ['--index-with', indexWith] : [])]);
    await succeed(workplace, ['migrate', 'up'], GATE_CLOSED);
    await fill(client, rows, dimensions, type);
    // Stops before the switch, which requires a validation.
    await succeed(workplace, ['migrate', 'up'], GATE_CLOSED);
    const events = await client.query<{ reason: string; predicted: number | null; actual: number | null }>(
      "SELECT reason, from_value::double precision AS predicted, to_value::double precision AS actual FROM reembed.event WHERE kind = 'index_build' ORDER BY id",
    );
    const [begun, built] = events.rows;
    const { predicted, actual } = built ?? {};
    if (!begun || !predicted || !actual) throw new Error('the build was not predicted or not recorded');
    return {
      rows,
      dimensions,
      type,
      chosen: begun.reason,
      predicted_seconds: predicted,
      actual_seconds: actual,
      ratio: Number((predicted / actual).toFixed(2)),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
    };
  } finally {
    await client.end().catch(() => {});
    workplace.remove();
    await server.close();
  }
}

async function fill(client: pg.Client, rows: number, dimensions: number, type: string): Promise<void> {
  const { rows: types } = await client.query<{ oid: number }>("SELECT 'vector'::regtype::oid::integer AS oid");
  // Otherwise the triggers would capture changes for workers, and no worker runs.
  await client.query('ALTER TABLE documents DISABLE TRIGGER USER');
  await client.query('TRUNCATE documents');
  const next = createVectors(dimensions, rows);
  for (let id = 0; id < rows; id += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - id);
    await client.query(
      `INSERT INTO documents (id, content, embedding_v2, embedding_v2_model_version)
       SELECT $1::bigint + n, 'some text ' || n, v::${type}, 'new' FROM unnest($2::vector[]) WITH ORDINALITY AS t(v, n)`,
      [id, asParameter(next, count, types[0]?.oid ?? 0)],
    );
  }
  await client.query('ALTER TABLE documents ENABLE TRIGGER USER');
  await client.query("UPDATE reembed.batch SET state = 'done', embedded_rows = rows, finished_at = now()");
  await client.query('VACUUM ANALYZE documents');
}

function tableOf(builds: Build[]): string {
  return tableText(
    ['rows', 'dimensions', 'predicted s', 'actual s', 'ratio', 'load', 'chosen'],
    builds.map(({ rows, dimensions, predicted_seconds: predicted, actual_seconds: actual, ratio, load, chosen }) => [
      ...[rows, dimensions, predicted.toFixed(1), actual.toFixed(1), ratio.toFixed(2), load.toFixed(1)],
      chosen.replace(/^.*?: |, predicted.*$/g, ''),
    ]),
  );
}
