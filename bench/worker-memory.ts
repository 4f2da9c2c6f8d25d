import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { formatBytes } from '../src/commands/print.ts';
import { readConfig } from '../src/config.ts';
import { residentBytes } from '../storm/resident-bytes.ts';
import { createStormDatabase } from '../storm/server.ts';
import { createWorkplace } from '../test/harness/command.ts';
import { startProvider } from '../test/harness/provider.ts';

interface Options {
  rows: number;
  dimensions: number;
  json?: boolean;
}

interface Sample {
  seconds: number;
  rows: number;
  bytes: number;
}

await new Command('bench:memory')
  .description(
    'Measures the memory of one worker over a long backfill with a provider that answers at once. ' +
      'Makes a database of its own on the server of DATABASE_URL and drops it at the end.',
  )
  .option('--rows <n>', 'rows to embed', wholeNumber, 200_000)
  .option('--dimensions <n>', 'of the new vectors', wholeNumber, 384)
  .option('--json', 'print every sample as JSON')
  .action(run)
  .parseAsync();

async function run({ rows, dimensions, json }: Options): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: with the embedded database the worker is also the server');
  const server = await createStormDatabase(databaseUrl, undefined, false);
  const provider = await startProvider({ old: 3, new: dimensions });
  // One vector for all rows, because the worker is measured and not the generation of vectors.
  const vector = new Float32Array(dimensions).fill(0.5);
  provider.script = ({ input, model }) => {
    provider.requests.length = 0;
    return { vectors: input.map(() => (model === 'new' ? vector : [1, 2, 3])) };
  };
  const workplace = createWorkplace({ DATABASE_URL: server.url, OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: provider.url });
  const pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => {});
  try {
    await pool.query('CREATE TABLE documents (id bigint PRIMARY KEY, content text NOT NULL, embedding vector(3))');
    await pool.query(
      "INSERT INTO documents SELECT n, repeat('some words of a text ', 20) || n, '[1,2,3]' FROM generate_series(1, $1::bigint) AS n",
      [rows],
    );
    const create = ['--table', 'documents', '--text', 'content', '--column', 'embedding', '--from', 'old', '--to', 'new'];
    await succeed(['migrate', 'create', ...create, '--dimensions', String(dimensions), '--no-probe'], 0);
    await succeed(['migrate', 'up'], 3);
    const samples = await watch();
    process.stdout.write(`${json ? JSON.stringify({ rows, dimensions, samples }) : tableOf(samples)}\n`);
  } finally {
    await pool.end();
    await provider.close();
    workplace.remove();
    await server.close();
  }

  async function succeed(args: string[], code: number): Promise<void> {
    const result = await workplace.run(args);
    if (result.code !== code) throw new Error(result.stderr);
  }

  async function watch(): Promise<Sample[]> {
    const worker = workplace.start(['worker', '--drain']);
    worker.stderr?.resume();
    const startedAt = Date.now();
    const samples: Sample[] = [];
    while (worker.exitCode === null) {
      const done = await pool.query<{ rows: number }>('SELECT coalesce(sum(embedded_rows), 0)::integer AS rows FROM reembed.batch');
      const bytes = residentBytes(worker.pid);
      if (bytes > 0) samples.push({ seconds: (Date.now() - startedAt) / 1000, rows: done.rows[0]?.rows ?? 0, bytes });
      await sleep(500);
    }
    if (worker.exitCode !== 0) throw new Error(`the worker ended with ${worker.exitCode}`);
    return samples;
  }
}

/** The largest resident set size in each tenth of the rows. */
function tableOf(samples: Sample[]): string {
  const total = samples.at(-1)?.rows ?? 0;
  const table = new Table({ head: ['rows embedded', 'largest resident set', 'seconds'], style: { head: [], border: [] } });
  for (let tenth = 0; tenth < 10; tenth++) {
    const some = samples.filter(({ rows }) => rows > (tenth * total) / 10 && rows <= ((tenth + 1) * total) / 10);
    const last = some.at(-1);
    if (last)
      table.push([last.rows.toLocaleString('en-US'), formatBytes(Math.max(...some.map(({ bytes }) => bytes))), last.seconds.toFixed(0)]);
  }
  return table.toString();
}
