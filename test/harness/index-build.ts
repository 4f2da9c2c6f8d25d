import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { createDocuments } from './documents.ts';
import { createStage, type Stage } from './stage.ts';

export const INDEX = 'documents_embedding_v2_idx';

/** A stage with a campaign whose next step is the index. */
export async function prepare(
  t: ExecutionContext,
  index?: { index: 'ivfflat'; indexWith: string },
): Promise<{ stage: Stage; campaign: string }> {
  const stage = await createStage();
  t.teardown(() => stage.close());
  await createDocuments(stage.db.pool, 50);
  const campaign = await stage.draft({ table: 'documents', ...index });
  await stage.bring(campaign, 'backfill');
  await stage.work();
  return { stage, campaign };
}

export async function isValid({ db }: Stage, index = INDEX): Promise<boolean> {
  const { rowCount } = await db.pool.query('SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND indisvalid', [index]);
  return rowCount === 1;
}

/** Whether this version of pgvector can build HNSW indexes with parallel workers. */
export async function buildsInParallel({ db }: Stage): Promise<boolean> {
  const { rows } = await db.pool.query<{ safe: boolean }>(
    "SELECT string_to_array(extversion, '.')::int[] >= '{0,8,2}' AS safe FROM pg_extension WHERE extname = 'vector'",
  );
  return rows[0]?.safe ?? false;
}

export const BUILD_SETTINGS = ['maintenance_work_mem', 'max_parallel_maintenance_workers', 'min_parallel_table_scan_size'];

/** Settings of an index build as another session sees them, with their sources. */
export async function settingsElsewhere({ db }: Stage): Promise<unknown[]> {
  // A session of its own: one of the pool may be older than a setting of the database.
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT name, setting, source FROM pg_settings WHERE name = ANY ($1) ORDER BY name', [
      BUILD_SETTINGS,
    ]);
    return rows;
  } finally {
    await client.end();
  }
}
