import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { DIMENSIONS, type Subject } from './subject.ts';

/** One kind of write of the application. */
export interface Write {
  name: string;
  query: Required<Pick<pg.QueryConfig, 'name' | 'text'>>;
  /** values of the i-th write of a round; `id` is a row that no other write of the round uses */
  values(i: number, id: number): unknown[];
  rows: number;
}

/** Throughput of one kind of write, with and without the triggers, and their ratio. */
export interface Comparison {
  write: string;
  /** rows per second, median over the rounds */
  without: number;
  with: number;
  /** with / without of each round: median, minimum and maximum */
  ratio: number;
  lowest: number;
  highest: number;
  /** microseconds that the triggers add per row */
  addedMicroseconds: number;
}

const ROWS_TOGETHER = 100;

let written = 0;

const vector = (i: number) => `[${Array.from({ length: DIMENSIONS }, (_, d) => Math.fround(Math.sin(i * 31 + d * 7))).join()}]`;

/**
 * The writes that are compared; each is one prepared statement.
 *
 * @param characters length of a text
 */
export function writes(characters: number): Write[] {
  const text = createTexts(characters);
  const vectors = Array.from({ length: 64 }, (_, i) => vector(i));
  return [
    {
      name: 'INSERT of one row, with its old vector',
      query: { name: 'insert', text: 'INSERT INTO documents (content, embedding) VALUES ($1, $2)' },
      values: (i) => [text(), vectors[i % 64]],
      rows: 1,
    },
    {
      name: `INSERT of ${ROWS_TOGETHER} rows in one statement`,
      query: { name: 'insert-many', text: 'INSERT INTO documents (content, embedding) SELECT * FROM unnest($1::text[], $2::vector[])' },
      values: (i) => {
        const many = Array.from({ length: ROWS_TOGETHER }, (_, j) => i * ROWS_TOGETHER + j);
        return [many.map(text), many.map((j) => vectors[j % 64])];
      },
      rows: ROWS_TOGETHER,
    },
    {
      name: 'UPDATE of the text',
      query: { name: 'update-text', text: 'UPDATE documents SET content = $2 WHERE id = $1' },
      values: (_, id) => [id, text()],
      rows: 1,
    },
    {
      name: 'UPDATE of the text and the old vector',
      query: { name: 'update-both', text: 'UPDATE documents SET content = $2, embedding = $3 WHERE id = $1' },
      values: (i, id) => [id, text(), vectors[i % 64]],
      rows: 1,
    },
    {
      name: 'UPDATE of another column',
      query: { name: 'update-other', text: 'UPDATE documents SET views = views + 1 WHERE id = $1' },
      values: (_, id) => [id],
      rows: 1,
    },
  ];
}

/**
 * The writes to a table that the text is taken from.
 *
 * @param characters length of a text
 */
export function writesToJoined(characters: number): Write[] {
  const text = createTexts(characters);
  const many = () => Array.from({ length: ROWS_TOGETHER }, text);
  return [
    {
      name: 'INSERT of one row',
      query: { name: 'insert', text: 'INSERT INTO chunks (content) VALUES ($1)' },
      values: () => [text()],
      rows: 1,
    },
    {
      name: `INSERT of ${ROWS_TOGETHER} rows in one statement`,
      query: { name: 'insert-many', text: 'INSERT INTO chunks (content) SELECT * FROM unnest($1::text[])' },
      values: () => [many()],
      rows: ROWS_TOGETHER,
    },
    {
      name: 'UPDATE of the text',
      query: { name: 'update-text', text: 'UPDATE chunks SET content = $2 WHERE id = $1' },
      values: (_, id) => [id, text()],
      rows: 1,
    },
    {
      name: 'UPDATE of another column',
      query: { name: 'update-other', text: 'UPDATE chunks SET views = views + 1 WHERE id = $1' },
      values: (_, id) => [id],
      rows: 1,
    },
    {
      name: 'DELETE of a row and INSERT of another with its key',
      query: {
        name: 'replace',
        text: 'WITH gone AS (DELETE FROM chunks WHERE id = $1 RETURNING id) INSERT INTO chunks (id, content) SELECT id, $2 FROM gone',
      },
      values: (_, id) => [id, text()],
      rows: 1,
    },
  ];
}

/** Never the same text twice: an update that does not change the text adds no entry to the change log. */
function createTexts(characters: number): () => string {
  const words = Array.from({ length: Math.ceil(characters / 33) }, () => randomBytes(16).toString('hex')).join(' ');
  return () => {
    written += 1;
    return `${written} ${words}`.slice(0, characters);
  };
}

/**
 * Runs one kind of write in rounds of both sides, in the order A B, B A, and so on, so that drift, such as in the load
 * of the machine or the size of the table, affects both.
 */
export async function compare(
  subject: Subject,
  write: Write,
  options: { rows: number; rounds: number; seconds: number },
): Promise<Comparison> {
  const results: { with: number; without: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const result = { with: 0, without: 0 };
    for (const side of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      await subject.catchUp();
      await subject.setTriggers(side === 'with');
      result[side] = await throughput(subject.client, write, options);
    }
    results.push(result);
  }
  const ratios = results.map((result) => result.with / result.without);
  return {
    write: write.name,
    without: median(results.map(({ without }) => without)),
    with: median(results.map((result) => result.with)),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    addedMicroseconds: median(results.map((result) => 1e6 / result.with - 1e6 / result.without)),
  };
}

/** Rows per second of one session that sends each write after the answer to the previous one. */
async function throughput(client: pg.Client, write: Write, { rows, seconds }: { rows: number; seconds: number }): Promise<number> {
  // A step coprime to the number of rows visits every row once, far from the previous one.
  const step = nearestCoprime(Math.floor(rows * 0.618), rows);
  const start = Math.floor(Math.random() * rows);
  const run = (i: number) => client.query({ ...write.query, values: write.values(i, 1 + ((start + i * step) % rows)) });
  // Plans and trigger functions are compiled at the first calls.
  const warmUp = Math.min(10, Math.floor(rows / 10));
  for (let i = 0; i < warmUp; i++) await run(i);
  const startedAt = performance.now();
  let done = 0;
  while (performance.now() - startedAt < seconds * 1000 && warmUp + done < rows) {
    await run(warmUp + done);
    done += 1;
  }
  return (done * write.rows * 1000) / (performance.now() - startedAt);
}

function nearestCoprime(candidate: number, n: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.max(1, candidate);
  while (gcd(step, n) !== 1) step += 1;
  return step;
}

/** The median of some numbers. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
