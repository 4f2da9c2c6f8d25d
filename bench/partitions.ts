import { Command } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { createStormDatabase } from '../storm/server.ts';
import { createWorkplace, type Workplace } from '../test/harness/command.ts';
import { PASSING_VALIDATION } from '../test/harness/evidence.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { startInstantProvider } from './instant-provider.ts';
import { GATE_CLOSED, succeed } from './succeed.ts';

interface Options {
  rows: number;
  leaves: number;
  dimensions: number;
}

/** Seconds of each step. */
type Figures = Record<string, number>;

const command = new Command('bench:partitions')
  .description(
    'Measures a whole campaign and its way back on a partitioned table and on an ordinary one of the same rows. Makes databases of its own on the server of ' +
      'DATABASE_URL (a superuser) and drops them at the end.',
  )
  .option('--rows <n>', 'rows of each table', wholeNumber, 50_000)
  .option('--leaves <n>', 'partitions', wholeNumber, 100)
  .option('--dimensions <n>', 'dimensions of both models', wholeNumber, 384);

await runBench(command, async (options: Options) => {
  const one = await measure(benchServer(), { ...options, leaves: 0 });
  const many = await measure(benchServer(), options);
  const rows = Object.entries(one).map(([step, seconds]) => {
    const other = many[step] ?? Number.NaN;
    return [step, seconds.toFixed(2), other.toFixed(2), (other / seconds).toFixed(2)];
  });
  return withSetting(options, { one, many }, tableText(['step', 'ordinary table, s', `${options.leaves} partitions, s`, 'ratio'], rows));
});

async function measure(server: string, options: Options): Promise<Figures> {
  const database = await createStormDatabase(server, undefined, false);
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  const provider = await startInstantProvider(options.dimensions, 2048);
  const workplace = createWorkplace({ DATABASE_URL: database.url, OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: provider.urls.base64 });
  try {
    await fill(client, options);
    return await campaign(client, workplace, options);
  } finally {
    await client.end();
    await provider.close();
    workplace.remove();
    await database.close();
  }
}

async function fill(client: pg.Client, { rows, leaves, dimensions }: Options): Promise<void> {
  await client.query(
    `CREATE TABLE documents (id bigint PRIMARY KEY, content text NOT NULL, embedding vector(${dimensions}))${leaves > 0 ? ' PARTITION BY RANGE (id)' : ''}`,
  );
  const each = Math.ceil(rows / Math.max(1, leaves));
  for (let i = 0; i < leaves; i++) {
    await client.query(`CREATE TABLE documents_${i} PARTITION OF documents FOR VALUES FROM (${i * each}) TO (${(i + 1) * each})`);
  }
  await client.query(
    `INSERT INTO documents (id, content, embedding)
     SELECT i, (SELECT string_agg(md5(i::text || w::text), ' ') FROM generate_series(1, 27) AS w),
            ARRAY(SELECT random() - 0.5 + i * 0 FROM generate_series(1, $2::integer))::vector
       FROM generate_series(0, $1::integer - 1) AS i`,
    [rows, dimensions],
  );
  await client.query(
    'CREATE INDEX documents_embedding_idx ON documents USING hnsw (embedding vector_cosine_ops) WITH (m = 8, ef_construction = 32)',
  );
  await client.query('VACUUM ANALYZE documents');
}

async function campaign(client: pg.Client, workplace: Workplace, { dimensions }: Options): Promise<Figures> {
  const figures: Figures = {};
  const timed = async (step: string, code: number, args: string[]) => {
    const { seconds } = await succeed(workplace, args, code);
    figures[step] = seconds;
    say(`${step}: ${seconds.toFixed(2)} s`);
  };
  const model = ['--to', 'new', '--dimensions', String(dimensions), '--from', 'old', '--no-probe', '--accept', 'old-model-disagrees'];
  await timed('create', 0, ['migrate', 'create', '--table', 'documents', '--text', 'content', ...model.slice(0, 7)]);
  await timed('up: expand and backfill', GATE_CLOSED, ['migrate', 'up']);
  // Nothing searches meanwhile: the work itself is measured.
  await client.query('UPDATE reembed.setting SET max_read_slowdown = NULL');
  await timed('worker', 0, ['worker', '--drain']);
  await timed('up: index', GATE_CLOSED, ['migrate', 'up']);
  // All texts of this benchmark have the same vector, so no validation would pass.
  await client.query(PASSING_VALIDATION, [(await client.query<{ name: string }>('SELECT name FROM reembed.campaign')).rows[0]?.name]);
  await timed('up: switch', GATE_CLOSED, ['migrate', 'up']);
  await client.query("UPDATE reembed.setting SET soak = '0'");
  // Nothing reads, so that nothing has been seen to read the live view.
  await timed('up: contract', 0, ['migrate', 'up', '--accept', 'unknown-readers', '--reason', 'nothing reads during the benchmark']);
  await timed('down: contract', 0, ['migrate', 'down']);
  await timed('down: switch, index', 0, ['migrate', 'down', '2', '--accept-missing']);
  return figures;
}
