import { encodeLittleEndian } from '../database/binary-vectors.ts';
import { type Database, inTransaction, type Queryable } from '../database/connection.ts';
import { BridgeTooLate } from './bridge-error.ts';
import type { FittedMap } from './fit-map.ts';
import type { JudgedFigures } from './judged-figures.ts';

/** The figures of a map, as stored. */
export interface BridgeFigures {
  campaign: string;
  method: string;
  regularisation: number | null;
  old_dimensions: number;
  new_dimensions: number;
  mapped_slope: number;
  mapped_intercept: number;
  old_slope: number | null;
  old_intercept: number | null;
  fitted_rows: number;
  held_out_rows: number;
  retention: number;
  retention_low: number;
  retention_high: number;
  judged_queries: number | null;
  judged_old: number | null;
  judged_bridge: number | null;
  judged_new: number | null;
  judged_difference: number | null;
  judged_difference_low: number | null;
  judged_difference_high: number | null;
}

type JudgedColumn = Extract<keyof BridgeFigures, `judged_${string}`>;

/** The figures of a stored map, with who fitted it and when. */
export type StoredBridge = BridgeFigures & { fitted_by: string; fitted_at: string };

/** The figures of a map on held-out rows, as they are stored. */
export async function figuresOf(db: Queryable, campaign: string, fitted: FittedMap): Promise<Omit<BridgeFigures, JudgedColumn>> {
  const { rows } = await db.query<{ low: number; high: number }>('SELECT low, high FROM reembed.wilson_interval($1, $2)', [
    fitted.kept,
    Math.max(1, fitted.known),
  ]);
  const retention = fitted.kept / Math.max(1, fitted.known);
  return {
    campaign,
    method: fitted.method,
    regularisation: fitted.regularisation,
    old_dimensions: fitted.map.rows,
    new_dimensions: fitted.map.columns,
    mapped_slope: fitted.mapped.slope,
    mapped_intercept: fitted.mapped.intercept,
    old_slope: fitted.old.slope,
    old_intercept: fitted.old.intercept,
    fitted_rows: fitted.fittedRows,
    held_out_rows: fitted.heldOutRows,
    retention,
    // At 0 and at 1 the bounds are rounded to either side.
    retention_low: Math.min(retention, rows[0]?.low ?? 0),
    retention_high: Math.max(retention, rows[0]?.high ?? 1),
  };
}

/** The figures of judged queries as they are stored; null where there are none. */
export function judgedColumns(judged: JudgedFigures | undefined): Pick<BridgeFigures, JudgedColumn> {
  return {
    judged_queries: judged?.queries ?? null,
    judged_old: judged?.old ?? null,
    judged_bridge: judged?.bridge ?? null,
    judged_new: judged?.new ?? null,
    judged_difference: judged?.difference?.value ?? null,
    judged_difference_low: judged?.difference?.low ?? null,
    judged_difference_high: judged?.difference?.high ?? null,
  };
}

// A step of the campaign that runs at the moment is waited for: a fit takes a minute.
const CAMPAIGN_LOCK_WAIT = '10s';

/**
 * Stores a map in place of the one before. That one is updated and not deleted: the function that searches stays the same one, so that
 * views over it go on, and of two fits at once the later one counts.
 *
 * @returns whether there was one
 * @throws BridgeTooLate
 */
export async function storeBridge(
  { pool }: Pick<Database, 'pool'>,
  figures: BridgeFigures,
  { map }: Pick<FittedMap, 'map'>,
): Promise<boolean> {
  const columns = ['query_map', ...Object.keys(figures)];
  const updated = [...columns, 'fitted_by', 'fitted_at'].map((column) => `${column} = excluded.${column}`);
  return inTransaction(
    pool,
    async (client) => {
      // Locked, so that contract does not begin meanwhile.
      const campaign = await client.query("SELECT FROM reembed.campaign WHERE name = $1 AND phase <> 'contract' FOR SHARE", [
        figures.campaign,
      ]);
      if (campaign.rowCount === 0) throw new BridgeTooLate(figures.campaign);
      const { rowCount } = await client.query('SELECT FROM reembed.bridge WHERE campaign = $1', [figures.campaign]);
      await client.query(
        `INSERT INTO reembed.bridge (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})
             ON CONFLICT (campaign) DO UPDATE SET ${updated.join(', ')}`,
        [encodeLittleEndian(map.values), ...Object.values(figures)],
      );
      return rowCount === 1;
    },
    CAMPAIGN_LOCK_WAIT,
  );
}

/** The figures of the stored map of a target's campaign; undefined where there is none. */
export async function readBridge(db: Queryable, target: string): Promise<StoredBridge | undefined> {
  const { rows } = await db.query<{ bridge: StoredBridge }>(
    `SELECT to_jsonb(b) - 'query_map' AS bridge FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = $1`,
    [target],
  );
  return rows[0]?.bridge;
}
