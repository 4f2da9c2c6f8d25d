import type { Storage } from './ddl-cases.ts';
import { createDocuments } from './documents.ts';
import type { Stage } from './stage.ts';

/** Both storages, in the order in which tests try them. */
export const STORAGES: Storage[] = ['column', 'side-table'];

/** Name of the side table of a table's new vectors. */
export const sideTable = (table: string) => `${table}_new_model_vectors`;

/** SQL for the new vector of a row of the table. */
export const newVector = (table: string, storage: Storage) =>
  storage === 'column' ? 'embedding_v2' : `(SELECT side.embedding FROM ${sideTable(table)} AS side WHERE side.id = ${table}.id)`;

/** A table loaded in one transaction, with room for HOT updates, and a campaign on it in phase backfill; returns its name. */
export async function startFencedCampaign(stage: Stage, table: string, storage: Storage, rows: number): Promise<string> {
  const { pool } = stage.db;
  await createDocuments(pool, rows, { table, index: false });
  await pool.query(`ALTER TABLE ${table} SET (fillfactor = 50)`);
  // It leaves room in the pages, and every row keeps the transaction that loaded it.
  await pool.query(`VACUUM FULL ${table}`);
  await pool.query(`CREATE INDEX ${table}_shuffled ON ${table} (md5(content))`);
  const campaign = await stage.draft({ table, storage, batchRows: 50 });
  await stage.bring(campaign, 'backfill');
  await pool.query(`ALTER TABLE ${table} ADD COLUMN note integer`);
  return campaign;
}
