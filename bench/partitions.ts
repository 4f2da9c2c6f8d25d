import { randomBytes } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import Table from 'cli-table3';
import { Command } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { readConfig } from '../src/config.ts';
import { createWorkplace, type Workplace } from '../test/harness/command.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';
import { startInstantProvider } from './instant-provider.ts';

interface Options {
  rows: number;
  leaves: number;
  dimensions: number;
  json?: boolean;
}

/** Seconds of each step. */
type Figures = Record<string, number>;

const GATE_CLOSED = 3;

const program = new Command('bench:partitions')
  .description(
    'Measures a whole campaign and its way back on a partitioned table and on an ordinary one of the same rows. Makes databases of its own on the server of ' +
      'DATABASE_URL (a superuser) and drops them at the end.',
  )
  .option('--rows <n>', 'rows of each table', wholeNumber, 50_000)
  .option('--leaves <n>', 'partitions', wholeNumber, 100)
  .option('--dimensions <n>', 'dimensions of both models', wholeNumber, 384)
  .option('--json', 'print the figures as JSON')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench:partitions: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: the embedded database has no separate server process');
  const one = await measure(databaseUrl, { ...options, leaves: 0 });
  const many = await measure(databaseUrl, options);
  const setting = { ...options, cores: cpus().length, load: loadavg()[0] };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...setting, one, many })}\n`);
    return;
  }
  const table = new Table({
    head: ['step', 'ordinary table, s', `${options.leaves} partitions, s`, 'ratio'],
    style: { head: [], border: [] },
  });
  for (const [step, seconds] of Object.entries(one)) {
    const other = many[step] ?? Number.NaN;
    table.push([step, seconds.toFixed(2), other.toFixed(2), (other / seconds).toFixed(2)]);
  }
  process.stdout.write(`${table.toString()}\n${JSON.stringify(setting)}\n`);
}

async function measure(server: string, options: Options): Promise<Figures> {
  const name = `reembed_bench_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const drop = undoneAtSignal(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  });
  await admin.query(`CREATE DATABASE ${name}`);
  const address = new URL(server);
  address.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: address.href });
  client.on('error', () => {});
  await client.connect();
  const provider = await startInstantProvider(options.dimensions, 2048);
  const workplace = createWorkplace({ DATABASE_URL: address.href, OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: provider.urls.base64 });
  try {
    await fill(client, options);
    return await campaign(client, workplace, options);
  } finally {
    await client.end();
    await provider.close();
    workplace.remove();
    await drop();
  }
}

async function fill(client: pg.Client, { rows, leaves, dimensions }: Options): Promise<void> {
  await client.query('CREATE EXTENSION IF NOT EXISTS vector');
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
  const timed = async (step: string, expected: number, args: string[]) => {
    const startedAt = performance.now();
    const { code, stderr } = await workplace.run(args);
    if (code !== expected) throw new Error(`reembed ${args.join(' ')} ended with ${code}: ${stderr}`);
    figures[step] = (performance.now() - startedAt) / 1000;
    process.stderr.write(`${step}: ${figures[step].toFixed(2)} s\n`);
  };
  const model = ['--to', 'new', '--dimensions', String(dimensions), '--from', 'old', '--no-probe', '--accept', 'old-model-disagrees'];
  await timed('create', 0, ['migrate', 'create', '--table', 'documents', '--text', 'content', ...model.slice(0, 7)]);
  await timed('up: expand and backfill', GATE_CLOSED, ['migrate', 'up']);
  // Nothing searches meanwhile: the work itself is measured.
  await client.query('UPDATE reembed.setting SET max_read_slowdown = NULL');
  await timed('worker', 0, ['worker', '--drain']);
  await timed('up: index', GATE_CLOSED, ['migrate', 'up']);
  await accept(client);
  await timed('up: switch', GATE_CLOSED, ['migrate', 'up']);
  await client.query("UPDATE reembed.setting SET soak = '0'");
  // Nothing reads, so that nothing has been seen to read the live view.
  await timed('up: contract', 0, ['migrate', 'up', '--accept', 'unknown-readers', '--reason', 'nothing reads during the benchmark']);
  await timed('down: contract', 0, ['migrate', 'down']);
  await timed('down: switch, index', 0, ['migrate', 'down', '2', '--accept-missing']);
  return figures;
}

/** A validation that passed, because all texts of this benchmark have the same vector. */
async function accept(client: pg.Client): Promise<void> {
  const { PASSING_VALIDATION } = await import('../test/harness/evidence.ts');
  await client.query(PASSING_VALIDATION, [(await client.query<{ name: string }>('SELECT name FROM reembed.campaign')).rows[0]?.name]);
}
