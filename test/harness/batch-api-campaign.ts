import type { CommandResult } from './command.ts';
import { wrongRows } from './documents.ts';
import type { Stage } from './stage.ts';

/** Helpers for a backfill through the batch API. */
export interface BatchApiRun {
  /** `worker --batch-api --drain`, with shortened waits between status checks */
  drain(env?: Record<string, string>): Promise<CommandResult>;
  /** runs `work` with shortened waits */
  hastened<T>(work: () => Promise<T>): Promise<T>;
  /** rows without the vectors of their current text */
  wrong(table: string): Promise<string[]>;
}

export function batchApiRun(stage: Stage): BatchApiRun {
  const { pool } = stage.db;
  async function hastened<T>(work: () => Promise<T>): Promise<T> {
    let isOver = false;
    const hastening = (async () => {
      while (!isOver) {
        await pool
          .query(
            "UPDATE reembed.provider_batch SET next_check_at = clock_timestamp() WHERE state <> 'settled' AND next_check_at > clock_timestamp()",
          )
          .catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    try {
      return await work();
    } finally {
      isOver = true;
      await hastening;
    }
  }
  return {
    hastened,
    drain: (env = {}) => hastened(() => stage.workplace.run(['worker', '--batch-api', '--drain'], env)),
    wrong: (table) => wrongRows(pool, { table, oldColumn: 'embedding', newColumn: 'embedding_v2' }),
  };
}
