import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Gloss } from '../corpus.ts';
import type { Embed } from './embed.ts';
import { NEW, OLD, TABLE } from './stage.ts';

/** An application that writes continuously and does not know of the campaign. */
export interface Writer {
  writes: number;
  /** the current text expected for each row it wrote; null for a deleted row */
  expected: Map<number, string | null>;
  /** resolves when no write is under way */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

const PAUSE_MS = 120;

/** Inserts, updates and deletes rows of its own, and counts look-ups on the others, until stopped. */
export function startWriter(pool: pg.Pool, spare: Gloss[], others: Gloss[]): Writer {
  const stopping = new AbortController();
  let paused = false;
  let inHand: Promise<void> = Promise.resolve();
  const writer: Writer = {
    writes: 0,
    expected: new Map(),
    async pause() {
      paused = true;
      await inHand;
    },
    resume() {
      paused = false;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
  const running = (async () => {
    for (let i = 0; !stopping.signal.aborted; await sleep(PAUSE_MS)) {
      if (paused) continue;
      inHand = write(i++);
      await inHand;
      writer.writes += 1;
    }
  })();
  // The demo must never hide a failed write.
  running.catch((error) => {
    process.stderr.write(`a write failed: ${error}\n`);
    process.exitCode = 1;
  });
  return writer;

  async function write(i: number): Promise<void> {
    const gloss = spare[Math.floor(i / 2) % spare.length] as Gloss;
    const written = [...writer.expected].filter(([, text]) => text !== null).map(([id]) => id);
    if (i % 2 === 0 && !writer.expected.has(gloss.id)) {
      await pool.query(`INSERT INTO ${TABLE} (id, gloss) VALUES ($1, $2)`, [gloss.id, gloss.gloss]);
      writer.expected.set(gloss.id, gloss.gloss);
    } else if (i % 8 === 3 && written.length > 3) {
      const id = written[i % written.length] as number;
      const text = `${gloss.gloss}, seen ${i} times`;
      await pool.query(`UPDATE ${TABLE} SET gloss = $2 WHERE id = $1`, [id, text]);
      writer.expected.set(id, text);
    } else if (i % 16 === 7 && written.length > 8) {
      const id = written[0] as number;
      await pool.query(`DELETE FROM ${TABLE} WHERE id = $1`, [id]);
      writer.expected.set(id, null);
    } else {
      await pool.query(`UPDATE ${TABLE} SET looked_up = looked_up + 1 WHERE id = $1`, [others[i % others.length]?.id]);
    }
  }
}

/**
 * Lost writes: rows whose text is not the last one written, or whose vectors are not those that the two models give for that text now.
 *
 * @param columns columns to check, with the model of each
 */
export async function countLostWrites(
  pool: pg.Pool,
  embed: Embed,
  writer: Writer,
  columns: { column: string; model: string }[],
): Promise<number> {
  const ids = [...writer.expected.keys()];
  const { rows } = await pool.query<{ id: string; gloss: string } & Record<string, string | null>>(
    `SELECT id, gloss, ${columns.map(({ column }) => `${column}::text`).join(', ')} FROM ${TABLE} WHERE id = ANY ($1::bigint[])`,
    [ids],
  );
  const found = new Map(rows.map((row) => [Number(row.id), row]));
  const lost = new Set(ids.filter((id) => (found.get(id)?.gloss ?? null) !== writer.expected.get(id)));
  for (const { column, model } of columns) {
    const vectors = await embed(
      model,
      rows.map(({ gloss }) => gloss),
    );
    rows.forEach((row, i) => {
      if (cosine(JSON.parse(row[column] ?? '[]') as number[], vectors[i] as number[]) < 0.999) lost.add(Number(row.id));
    });
  }
  return lost.size;
}

/** The model of each column before contract. */
export const BOTH_COLUMNS = [
  { column: 'embedding', model: OLD.name },
  { column: 'embedding_v2', model: NEW.name },
];

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
}
