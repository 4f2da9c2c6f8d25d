import type { Database } from '../../src/database/connection.ts';
import type { Judge } from '../../src/judge/judge.ts';
import type { ValidateOptions } from '../../src/validation/validate.ts';
import { startChat, type TestChat, testJudge } from './chat.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './validation.ts';

/** A campaign of 40 rows with a table of three searches, and a chat server that grades their results. */
export interface JudgedCampaign {
  database: Database;
  chat: TestChat;
  /** validates with the table of searches, and grades */
  grade(options?: Partial<ValidateOptions>, judge?: Judge): ReturnType<typeof validateTable>;
  /** number of stored grades */
  grades(): Promise<number>;
  /** no grade, no request, no limit and only good answers: the state each test starts from */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** The table of searches as a source of queries. */
export const SEARCH_LOG = { kind: 'table', table: 'search_log', textColumn: 'words', idColumn: 'id' } as const;

/** Creates the campaign move_documents, whose rows have the vectors of both models. */
export async function createJudgedCampaign(): Promise<JudgedCampaign> {
  const database = await openWithSchema();
  const { pool } = database;
  await createFilledCampaign(pool, 'documents', 40);
  await pool.query(`CREATE TABLE search_log (id int, words text);
    INSERT INTO search_log VALUES (1, 'river stone'), (2, 'silver engine'), (3, 'violin')`);
  const chat = await startChat();
  return {
    database,
    chat,
    grade: (options = {}, judge = testJudge(chat)) =>
      validateTable(database, 'documents', { queries: SEARCH_LOG, k: 4, judge, grade: true, ...options }),
    async grades() {
      return (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM reembed.judge_grade')).rows[0]?.n ?? 0;
    },
    async reset() {
      chat.requests.length = 0;
      chat.tokens = 0;
      chat.script = () => undefined;
      await pool.query('DELETE FROM reembed.judge_grade; UPDATE reembed.setting SET max_tokens = NULL, max_usd = NULL');
    },
    async close() {
      await chat.close();
      await database.close();
    },
  };
}
