import type { Config } from '../config.ts';
import type { Database, Queryable } from '../database/connection.ts';
import { borrowOwner } from '../database/owners-connection.ts';
import { isInstalled } from '../database/sql-objects.ts';
import type { TextSource } from '../embedding/disagreement/candidate-texts.ts';
import { inspectTable, type TableFacts } from '../plan/inspect.ts';
import type { InventoryFinding } from '../plan/inventory/finding.ts';
import { takeInventory } from '../plan/inventory/inventory.ts';
import { type StoragePromise, storagePromises } from '../plan/inventory/promises.ts';
import { textSource } from '../plan/measure.ts';
import { inPlanningTransaction } from '../plan/planning-transaction.ts';
import { storageCosts } from '../plan/storage.ts';
import type { Finding } from './check.ts';
import { compareStoredRows, oldModelRequest } from './old-model.ts';

/** The table that the doctor is asked about. */
export interface TableRequest {
  table: string;
  column: string;
  text?: string[];
  textSql?: string;
  /** model of the stored vectors, if the table is not registered */
  from?: string;
}

/** What a campaign would do to a table. */
export interface TableInventory {
  table: string;
  column: string;
  findings: InventoryFinding[];
  promises: StoragePromise[];
  /** whether the stored vectors are those of their model */
  model: Finding[];
}

/**
 * Takes the inventory of a table without planning a campaign, and compares a few stored vectors with those of their model.
 *
 * @throws what inspectTable() and borrowOwner() throw
 */
export async function inventoryOfTable(
  database: Database,
  request: TableRequest,
  config: Config,
  costText: Parameters<typeof storagePromises>[3],
): Promise<TableInventory> {
  const { old, ...inventory } = await inPlanningTransaction(database, async (db) => {
    const facts = await inspectTable(db, request.table, request.column);
    const text: TextSource | undefined =
      request.text || request.textSql !== undefined
        ? textSource(facts, request.text ?? [], request.textSql)
        : await registeredText(db, facts);
    const owner = await borrowOwner(db, facts.oid);
    const findings = await takeInventory({ db, owner, facts, text });
    // As large as the old vectors, as long as the new model is not known.
    const costs = storageCosts(facts, { elementType: facts.elementType, dimensions: facts.dimensions ?? 1 });
    return {
      table: `${facts.schema}.${facts.table}`,
      column: facts.column,
      findings,
      promises: storagePromises(facts, findings, costs, costText),
      old: text && (await oldModelRequest(db, owner, facts, text, request.from ?? config.oldModel)),
    };
  });
  return { ...inventory, model: old ? [await compareStoredRows(old, config)] : [] };
}

async function registeredText(db: Queryable, facts: TableFacts): Promise<TextSource | undefined> {
  if (!(await isInstalled(db))) return undefined;
  const { rows } = await db.query<TextSource>(
    `SELECT CASE WHEN t.joined_tables = '{}' THEN t.text_sql ELSE reembed.target_names(t.name) ->> 'content' END AS "textSql", ARRAY[]::text[] AS "textColumns"
       FROM reembed.target AS t WHERE t.relation = $1 AND t.column_name = $2 AND t.part = ''`,
    [facts.oid, facts.column],
  );
  return rows[0];
}
