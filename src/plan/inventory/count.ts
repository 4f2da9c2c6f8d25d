import pg from 'pg';
import { isConnectionFailure } from '../../database/database-error.ts';
import type { InventoryInput } from './finding.ts';

/** The rows of a count, or why there are none, as the end of a sentence. */
export type Counted<Row> = { rows: Row[]; failure?: undefined } | { rows?: undefined; failure: string };

const QUERY_CANCELED = '57014';

/**
 * Reads many rows with the rights of the table's owner, within a time limit. A count that takes longer, or fails in code of the owner, does
 * not end the inventory.
 */
export async function count<Row extends object>({ db, owner, seconds }: InventoryInput, statement: string): Promise<Counted<Row>> {
  await db.query('SAVEPOINT inventory');
  try {
    await db.query("SELECT set_config('statement_timeout', $1, true)", [`${Math.round(seconds * 1000)}ms`]);
    return { rows: (await owner.query<Row>(statement)).rows };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || isConnectionFailure(error)) throw error;
    // The message may quote a row.
    return { failure: error.code === QUERY_CANCELED ? `not counted within ${seconds} s` : `not counted (SQLSTATE ${error.code})` };
  } finally {
    // Also takes the setting back.
    await db.query('ROLLBACK TO SAVEPOINT inventory');
  }
}
