import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import pLimit from 'p-limit';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { readBatch, readChanges } from '../src/worker/reader.ts';
import { settleChanges } from '../src/worker/settle-changes.ts';
import { loadTarget, vectorColumn, type WorkTarget } from '../src/worker/target.ts';
import { storeVectors } from '../src/worker/writer.ts';
import { copyRows } from './backfill/binary-copy.ts';
import { createVectorSpace } from './backfill/vectors.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { median } from './rounds.ts';
import { createSubject, DIMENSIONS, type Subject } from './subject.ts';

interface Options {
  rows: number;
  together: number;
}

/** Server CPU time of each kind of statement, in microseconds per row, for all its calls. */
type Costs = Record<string, number[]>;

const command = new Command('bench:server')
  .description(
    'Measures the CPU time of the server for the statements of a worker: storing vectors, compared with COPY into a bare table, and reading and settling changes. ' +
      'Makes databases of its own on the server of DATABASE_URL, which must run on this machine (Linux), and drops them at the end.',
  )
  .option('--rows <n>', 'rows of the table', wholeNumber, 10_000)
  .option('--together <n>', 'rows of one statement', wholeNumber, 500);

await runBench(command, async (options: Options) => {
  const figures: { table: string; statement: string; microseconds: number; ofCopy: number }[] = [];
  for (const [storage, characters] of [
    ['side-table', 900],
    ['side-table', 6000],
    ['column', 900],
  ] as const) {
    const costs = await measure(benchServer(), storage, characters, options);
    const copy = median(costs.COPY ?? []);
    for (const [statement, values] of Object.entries(costs)) {
      const microseconds = median(values);
      figures.push({ table: `${storage}, texts of ${characters} characters`, statement, microseconds, ofCopy: microseconds / copy });
    }
  }
  const rows = figures.map(({ table, statement, microseconds, ofCopy }) => [table, statement, microseconds.toFixed(1), ofCopy.toFixed(2)]);
  const text = tableText(['table', 'statement', 'µs of CPU a row', '× COPY'], rows);
  return withSetting({ ...options, dimensions: DIMENSIONS }, { figures }, text);
});

async function measure(server: string, storage: 'column' | 'side-table', characters: number, options: Options): Promise<Costs> {
  const subject = await createSubject(server, { rows: options.rows, characters, index: false, storage });
  try {
    const costs: Costs = { COPY: [], 'read for the backfill': [], store: [], 'read changes': [], 'settle changes': [] };
    const clock = await serverClock(subject);
    const measured = async <T>(statement: string, rows: (result: T) => number, work: () => Promise<T>): Promise<T> => {
      const before = clock();
      const result = await work();
      costs[statement]?.push((clock() - before) / rows(result));
      return result;
    };
    await backfill(subject, options, measured);
    await serveChanges(subject, options, measured);
    return costs;
  } finally {
    await subject.close();
  }
}

type Measured = <T>(statement: string, rows: (result: T) => number, work: () => Promise<T>) => Promise<T>;

/** Reads and stores the rows of every batch, alternating with a COPY of as many rows. */
async function backfill({ client }: Subject, { together }: Options, measured: Measured): Promise<void> {
  const target = await targetOf(client);
  const vector = vectorColumn(target, 'new');
  if (!vector) throw new Error('the campaign has no new vectors');
  const space = createVectorSpace('new', DIMENSIONS, 1);
  await client.query(`CREATE TABLE bare (id bigint, embedding vector(${DIMENSIONS}), model_version text)`);
  const pacing = { portion: { rows: together, took: () => {} }, inTurn: pLimit(1) };
  const { rows: batches } = await client.query<{ campaign: string; batch: number }>(
    'SELECT campaign, id::integer AS batch FROM reembed.batch ORDER BY id',
  );
  for (const batch of batches) {
    const rows = await measured(
      'read for the backfill',
      (found) => found.length,
      () => readBatch(client, { target, vector }, batch),
    );
    for (let at = 0; at < rows.length; at += together) {
      const some = rows.slice(at, at + together);
      const items = some.map((row, i) => ({ row, vector: space.floats(at + i + 1, 0) }));
      await measured(
        'store',
        (written) => written.size,
        () => storeVectors(client, pacing, { target, vector }, { items, failures: [] }),
      );
      await measured(
        'COPY',
        () => some.length,
        () =>
          copyRows(client, 'bare (id, embedding, model_version)', some.length, (fields, row) => {
            fields.begin(3);
            fields.bigint(row);
            fields.vector(space, at + row, 0);
            fields.text('new');
          }),
      );
    }
  }
}

/** Changes the text of every row, then reads and settles the changes as if they had been embedded. */
async function serveChanges({ client }: Subject, { together }: Options, measured: Measured): Promise<void> {
  await client.query("UPDATE documents SET content = 'changed ' || content");
  const target = await targetOf(client);
  for (let after = '0'; ; ) {
    const range = { after, upTo: target.newestChange };
    const changes = await measured(
      'read changes',
      (found) => found.length,
      () => readChanges(client, target, undefined, range, together),
    );
    const last = changes.at(-1)?.seqs.at(-1);
    if (!last) return;
    after = last;
    const served = { both: changes, newOnly: [], oldOnly: [], gone: [], rows: changes.length, tokens: 0 };
    await measured(
      'settle changes',
      () => changes.length,
      () => settleChanges(client, target, served),
    );
  }
}

async function targetOf(client: Subject['client']): Promise<WorkTarget> {
  const target = await loadTarget(client, 'public.documents.embedding');
  if (!target) throw new Error('the target does not exist');
  return target;
}

/** CPU time in microseconds that the backend of the connection has used so far. */
async function serverClock({ client }: Subject): Promise<() => number> {
  const { rows } = await client.query<{ pid: number; database: string }>('SELECT pg_backend_pid() AS pid, current_database() AS database');
  const { pid, database } = rows[0] ?? { pid: 0, database: '' };
  // The process id alone could belong to any local process if the server is remote.
  if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(database)) throw new Error('the server does not run on this machine');
  return () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
}
