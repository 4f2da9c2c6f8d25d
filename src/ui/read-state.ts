import { readStatusFrom, type Status } from '../commands/read-status.ts';
import { resolveTarget } from '../commands/resolve-target.ts';
import type { Config } from '../config.ts';
import { placeOf } from '../database/address.ts';
import type { Database, Queryable } from '../database/connection.ts';
import { type PanelName, type Panels, READ_PANEL } from './panels.ts';
import { inReadOnlyTransaction, STATEMENT_TIMEOUT_MS } from './read-only.ts';

/** What the page shows, read in one transaction. */
export interface State {
  database: string;
  role: string;
  status: Status;
  /** null for what is in `not_shown` */
  panels: { [Name in PanelName]: Panels[Name] | null };
  not_shown: { panel: PanelName; reason: string }[];
}

/**
 * Reads the state of all targets, or of one.
 *
 * @param target short or full name
 */
export function readState(database: Database, config: Config, target?: string): Promise<State> {
  return inReadOnlyTransaction(database.pool, async (db) => {
    const status = await readStatusFrom(db, database.embedded, config, target);
    const { rows } = await db.query<{ role: string }>('SELECT current_user::text AS role');
    const resolved = target === undefined || !status.installed ? null : await resolveTarget(db, target);
    const state: State = {
      database: database.embedded ? 'the embedded database' : placeOf(database.url),
      role: rows[0]?.role ?? '',
      status,
      panels: { failed_batches: null, failed_rows: null, alerts: null, read_latency: null, settings: null },
      not_shown: [],
    };
    if (status.installed) for (const name of Object.keys(READ_PANEL) as PanelName[]) await readPanel(db, name, resolved, state);
    return state;
  });
}

/** A panel that this role may not read, or that takes too long, does not hide the others. */
async function readPanel(db: Queryable, name: PanelName, target: string | null, state: State): Promise<void> {
  try {
    Object.assign(state.panels, { [name]: await READ_PANEL[name](db, target) });
  } catch (error) {
    const reason = reasonOf((error as { code?: string }).code);
    if (reason === undefined) throw error;
    state.not_shown.push({ panel: name, reason });
  }
}

function reasonOf(sqlState: string | undefined): string | undefined {
  // The second is a newer toolkit before its first `up`.
  if (sqlState === '42501') return 'this role may not read it';
  if (sqlState === '42P01' || sqlState === '42703') return 'the database has an older version; run npm run migrate up';
  return sqlState === '57014' ? `reading it took longer than ${STATEMENT_TIMEOUT_MS / 1000} seconds` : undefined;
}
