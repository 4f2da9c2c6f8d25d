import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { formatBytes } from '../src/wording.ts';
import { residentBytes } from '../storm/resident-bytes.ts';
import { createStormDatabase } from '../storm/server.ts';
import { createWorkplace, type Workplace } from '../test/harness/command.ts';
import { startProvider } from '../test/harness/provider.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { GATE_CLOSED, succeed } from './succeed.ts';

interface Options {
  rows: number;
  dimensions: number;
}

interface Sample {
  seconds: number;
  rows: number;
  bytes: number;
}

const command = new Command('bench:memory')
  .description(
    'Measures the memory of one worker over a long backfill with a provider that answers at once. ' +
      'Makes a database of its own on the server of DATABASE_URL and drops it at the end.',
  )
  .option('--rows <n>', 'rows to embed', wholeNumber, 200_000)
  .option('--dimensions <n>', 'of the new vectors', wholeNumber, 384);

await runBench(command, async ({ rows, dimensions }: Options) => {
  const server = await createStormDatabase(benchServer(), undefined, false);
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
    await succeed(workplace, ['migrate', 'create', ...create, '--dimensions', String(dimensions), '--no-probe']);
    await succeed(workplace, ['migrate', 'up'], GATE_CLOSED);
    const samples = await watch(pool, workplace);
    return withSetting({ rows, dimensions }, { samples }, tableOf(samples));
  } finally {
    await pool.end();
    await provider.close();
    workplace.remove();
    await server.close();
  }
});

/** Runs a worker until it has embedded everything. */
async function watch(pool: pg.Pool, workplace: Workplace): Promise<Sample[]> {
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

/** The largest resident set size in each tenth of the rows. */
function tableOf(samples: Sample[]): string {
  const total = samples.at(-1)?.rows ?? 0;
  const rows = Array.from({ length: 10 }, (_, tenth) => {
    const some = samples.filter(({ rows: done }) => done > (tenth * total) / 10 && done <= ((tenth + 1) * total) / 10);
    const last = some.at(-1);
    return last
      ? [[last.rows.toLocaleString('en-US'), formatBytes(Math.max(...some.map(({ bytes }) => bytes))), last.seconds.toFixed(0)]]
      : [];
  });
  return tableText(['rows embedded', 'largest resident set', 'seconds'], rows.flat());
}
