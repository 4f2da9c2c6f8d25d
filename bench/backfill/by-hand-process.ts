import type pg from 'pg';
import { fillBareTable } from './bare-table.ts';
import { reportRows, serve } from './child.ts';
import { connect } from './databases.ts';
import { NEW_MODEL, readTag, TABLE } from './documents.ts';
import { createVectorSpace, type VectorSpace } from './vectors.ts';

// A backfill as users write it themselves. Vectors are generated on demand, because those of a million rows would not
// fit into memory; the time for that is subtracted.

/** A method of writing vectors without the toolkit. */
export type Way = 'row by row' | 'unnest' | 'copy';

/** Resources that one backfill used in this process. */
export interface Filling {
  seconds: number;
  cpuMicroseconds: number;
  /** time spent on generating vectors, already subtracted */
  vectorSeconds: number;
  vectorCpuMicroseconds: number;
}

/** The calls that this process answers. */
export type ByHandCalls = {
  prepare(task: { url: string; way: Way; rows: number; dimensions: number; seed: number }): Promise<void>;
  fill(nothing: undefined): Promise<Filling>;
  /** closes the connection; returns the largest resident set size in bytes */
  end(nothing: undefined): Promise<number>;
};

const ROWS_OF_TRANSACTION = 50;
const ROWS_OF_STATEMENT = 500;
const VECTORS_THAT_TELL = 20_000;

interface Work {
  client: pg.Client;
  way: Way;
  rows: number;
  space: ReturnType<typeof timeVectors>;
}

let work: Work | undefined;

serve({
  async prepare({ url, way, rows, dimensions, seed }) {
    const space = createVectorSpace(NEW_MODEL, dimensions, seed);
    // Creates the encodings that will be needed before the measurement.
    space.copyTo(Buffer.alloc(4 * dimensions), 0, 1, 0);
    work = { client: await connect(url, 'bench contender'), way, rows, space: timeVectors(space) };
  },

  async fill() {
    if (!work) throw new Error('not prepared');
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    if (work.way === 'row by row') await fillRowByRow(work);
    else if (work.way === 'unnest') await fillByUnnest(work);
    else await fillBareTable(work.client, work.space, work.rows, reportRows);
    const elapsed = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const vectorSeconds = work.space.seconds;
    const vectorCpuMicroseconds = cpuOfVectors(work);
    return {
      // During COPY the server works while vectors are generated, so generating them adds no time.
      seconds: work.way === 'copy' ? elapsed : elapsed - vectorSeconds,
      cpuMicroseconds: user + system - vectorCpuMicroseconds,
      vectorSeconds,
      vectorCpuMicroseconds,
    };
  },

  async end() {
    await work?.client.end();
    return process.resourceUsage().maxRSS * 1024;
  },
} satisfies ByHandCalls);

/** The same vectors, with a counter of the time spent on generating them. */
function timeVectors(space: VectorSpace): VectorSpace & { seconds: number } {
  const timed = {
    ...space,
    seconds: 0,
    numbers: (id: number, version: number) => time(() => space.numbers(id, version)),
    copyTo: (target: Buffer, at: number, id: number, version: number) => time(() => space.copyTo(target, at, id, version)),
  };
  const time = <T>(make: () => T): T => {
    const startedAt = performance.now();
    const made = make();
    timed.seconds += (performance.now() - startedAt) / 1000;
    return made;
  };
  return timed;
}

/**
 * CPU time of generating all vectors, estimated from a sample: wall-clock time would include time in which another
 * process has the processor.
 */
function cpuOfVectors({ way, rows, space }: Work): number {
  const target = Buffer.allocUnsafe(4 * space.dimensions);
  const sample = Math.min(rows, VECTORS_THAT_TELL);
  const cpu = process.cpuUsage();
  for (let id = 1; id <= sample; id++) {
    if (way === 'copy') space.copyTo(target, 0, id, 0);
    else space.numbers(id, 0);
  }
  const { user, system } = process.cpuUsage(cpu);
  return ((user + system) * rows) / sample;
}

/** The loop of most scripts: read some rows, write each with a separate statement, commit. */
async function fillRowByRow(work: Work): Promise<void> {
  const { client, space } = work;
  for await (const texts of batches(work, ROWS_OF_TRANSACTION)) {
    await client.query('BEGIN');
    for (const { id, version } of texts) {
      const values = [id, JSON.stringify(space.numbers(id, version))];
      await client.query({ name: 'update', text: `UPDATE ${TABLE} SET embedding_v2 = $2 WHERE id = $1`, values });
    }
    await client.query('COMMIT');
  }
}

async function fillByUnnest(work: Work): Promise<void> {
  const { client, space } = work;
  for await (const texts of batches(work, ROWS_OF_STATEMENT)) {
    await client.query({
      name: 'update',
      text: `UPDATE ${TABLE} AS t SET embedding_v2 = n.vector FROM unnest($1::bigint[], $2::vector[]) AS n(id, vector) WHERE t.id = n.id`,
      values: [texts.map(({ id }) => id), texts.map(({ id, version }) => JSON.stringify(space.numbers(id, version)))],
    });
  }
}

/** Reads keys and texts in key order, as a script must that sends the texts to a provider. */
async function* batches({ client, rows }: Work, size: number): AsyncGenerator<{ id: number; version: number }[]> {
  for (let last = 0; last < rows; ) {
    const batch = await client.query<{ id: string; content: string }>({
      name: 'read',
      text: `SELECT id, content FROM ${TABLE} WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3`,
      values: [last, rows, size],
    });
    const texts = batch.rows.map(({ content }) => readTag(content));
    if (texts.length === 0) return;
    yield texts;
    last = texts.at(-1)?.id ?? rows;
    reportRows(last);
  }
}
