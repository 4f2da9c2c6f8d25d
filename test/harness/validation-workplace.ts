import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src/database/connection.ts';
import { createWorkplace, type Workplace } from './command.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf } from './documents.ts';
import { startProvider, type TestProvider } from './provider.ts';
import { createFilledCampaign, openWithSchema } from './validation.ts';

/** A filled campaign, a provider of its models, and a folder with queries, to run `reembed validate` in. */
export interface ValidationWorkplace {
  database: Database;
  provider: TestProvider;
  workplace: Workplace;
  close(): Promise<void>;
}

/** Queries q5, q6 and q7 are in queries.jsonl, two of them judged in qrels.tsv; all.jsonl and all.tsv have a judged query for each row. */
export async function createValidationWorkplace(): Promise<ValidationWorkplace> {
  const database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 100);
  await database.pool.query('CREATE INDEX documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops)');
  const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  const workplace = createWorkplace({
    DATABASE_URL: database.url,
    OPENAI_API_KEY: 'new-key',
    OPENAI_OLD_API_KEY: 'old-key',
    OPENAI_BASE_URL: provider.url,
  });
  // The text of a row is the query that must find it.
  const queryOf = (i: number) => JSON.stringify({ id: `q${i}`, text: textOf(i) });
  const ids = Array.from({ length: 100 }, (_, i) => i + 1);
  writeFileSync(join(workplace.directory, 'queries.jsonl'), [5, 6, 7].map(queryOf).join('\n'));
  writeFileSync(join(workplace.directory, 'qrels.tsv'), 'query-id\tcorpus-id\tscore\nq5\t5\t1\nq6\t6\t1\n');
  writeFileSync(join(workplace.directory, 'all.jsonl'), ids.map(queryOf).join('\n'));
  writeFileSync(join(workplace.directory, 'all.tsv'), ids.map((i) => `q${i}\t${i}\t1`).join('\n'));
  return {
    database,
    provider,
    workplace,
    async close() {
      workplace.remove();
      await provider.close();
      await database.close();
    },
  };
}
