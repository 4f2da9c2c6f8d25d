import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { toSql } from 'pgvector';
import type { JudgedQuery } from '../corpus.ts';
import type { Embed } from './embed.ts';
import { TABLE } from './stage.ts';

/** An application that searches continuously. */
export interface Reader {
  reads: number;
  failed: number;
  /** the first few reasons of failed reads */
  reasons: string[];
  /** how often a search was repeated because the live model changed between embedding the query and searching */
  retriedSearches: number;
  stop(): Promise<void>;
}

const WRONG_MODEL = 'RE002';
const PAUSE_MS = 60;

/** Searches through the live view with the live model, until stopped. */
export function startReader(pool: pg.Pool, embed: Embed, queries: JudgedQuery[]): Reader {
  const stopping = new AbortController();
  const known = new Map<string, Promise<number[][]>>();
  const vectorOf = (model: string, text: string) => {
    const key = `${model}/${text}`;
    const vector = known.get(key) ?? embed(model, [text]);
    known.set(key, vector);
    return vector;
  };
  const reader: Reader = {
    reads: 0,
    failed: 0,
    reasons: [],
    retriedSearches: 0,
    async stop() {
      stopping.abort();
      await running;
    },
  };
  const running = (async () => {
    for (let i = 0; !stopping.signal.aborted; i++) {
      try {
        await search(queries[i % Math.min(queries.length, 40)]?.text ?? '');
        reader.reads += 1;
      } catch (error) {
        reader.failed += 1;
        if (reader.reasons.length < 3) reader.reasons.push(error instanceof Error ? error.message : String(error));
      }
      await sleep(PAUSE_MS);
    }
  })();
  return reader;

  async function search(text: string): Promise<void> {
    for (;;) {
      const { rows } = await pool.query<{ model: string }>('SELECT reembed.active_model($1) AS model', [TABLE]);
      const model = rows[0]?.model ?? '';
      const [vector] = await vectorOf(model, text);
      try {
        const found = await pool.query(
          `SELECT id, embedding_model FROM ${TABLE}_live ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2) LIMIT 10`,
          [model, toSql(vector ?? null)],
        );
        if (found.rows.length !== 10) throw new Error(`${found.rows.length} rows found instead of 10`);
        if (found.rows.some((row) => row.embedding_model !== model)) throw new Error('another model answered');
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== WRONG_MODEL) throw error;
        reader.retriedSearches += 1;
      }
    }
  }
}
