import type { Database, Queryable } from '../database/connection.ts';
import { borrowOwner } from '../database/owners-connection.ts';
import { isInstalled } from '../database/sql-objects.ts';
import { inspectTable, type TableFacts } from '../plan/inspect.ts';
import type { InventoryFinding } from '../plan/inventory/finding.ts';
import { takeInventory } from '../plan/inventory/inventory.ts';
import { type StoragePromise, storagePromises } from '../plan/inventory/promises.ts';
import { textSource } from '../plan/measure.ts';
import { inPlanningTransaction } from '../plan/planning-transaction.ts';
import { storageCosts } from '../plan/storage.ts';

/** The table that the doctor is asked about. */
export interface TableRequest {
  table: string;
  column: string;
  text?: string[];
  textSql?: string;
}

/** What a campaign would do to a table. */
export interface TableInventory {
  table: string;
  column: string;
  findings: InventoryFinding[];
  promises: StoragePromise[];
}

/**
 * Takes the inventory of a table without planning a campaign.
 *
 * @throws what inspectTable() and borrowOwner() throw
 */
export async function inventoryOfTable(
  database: Database,
  request: TableRequest,
  costText: Parameters<typeof storagePromises>[3],
): Promise<TableInventory> {
  return inPlanningTransaction(database, async (db) => {
    const facts = await inspectTable(db, request.table, request.column);
    const text =
      request.text || request.textSql !== undefined
        ? textSource(facts, request.text ?? [], request.textSql)
        : await registeredText(db, facts);
    const findings = await takeInventory({ db, owner: await borrowOwner(db, facts.oid), facts, text });
    // As large as the old vectors, as long as the new model is not known.
    const costs = storageCosts(facts, { elementType: facts.elementType, dimensions: facts.dimensions ?? 1 });
    return {
      table: `${facts.schema}.${facts.table}`,
      column: facts.column,
      findings,
      promises: storagePromises(facts, findings, costs, costText),
    };
  });
}

async function registeredText(db: Queryable, facts: TableFacts): Promise<{ textSql: string } | undefined> {
  if (!(await isInstalled(db))) return undefined;
  const { rows } = await db.query<{ textSql: string }>(
    'SELECT t.text_sql AS "textSql" FROM reembed.target AS t WHERE t.relation = $1 AND t.column_name = $2',
    [facts.oid, facts.column],
  );
  return rows[0];
}
