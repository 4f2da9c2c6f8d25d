import { readStatusFrom, type Status } from '../commands/read-status.ts';
import { resolveTarget } from '../commands/resolve-target.ts';
import type { Config } from '../config.ts';
import { placeOf } from '../database/address.ts';
import type { Database } from '../database/connection.ts';
import { type Offer, readOffers } from './changes/offers.ts';
import { type PanelName, type Panels, READ_PANEL } from './panels.ts';
import { inReadOnlyTransaction, STATEMENT_TIMEOUT_MS } from './read-only.ts';

/** What the page shows, read in one transaction. */
export interface State {
  database: string;
  role: string;
  status: Status;
  /** null for what is in `not_shown` */
  panels: { [Name in PanelName]: Panels[Name] | null };
  /** what this role may change now; null where nothing may be changed */
  changes: Offer[] | null;
  not_shown: { panel: PanelName | 'changes'; reason: string }[];
}

/**
 * Reads the state of all targets, or of one.
 *
 * @param options.target short or full name
 * @param options.allowChanges whether to read what can be changed
 */
export function readState(
  database: Database,
  config: Config,
  { target, allowChanges = false }: { target?: string | undefined; allowChanges?: boolean | undefined },
): Promise<State> {
  return inReadOnlyTransaction(database.pool, async (db) => {
    const status = await readStatusFrom(db, database.embedded, config, target);
    const { rows } = await db.query<{ role: string }>('SELECT current_user::text AS role');
    const resolved = target === undefined || !status.installed ? null : await resolveTarget(db, target);
    const state: State = {
      database: database.embedded ? 'the embedded database' : placeOf(database.url),
      role: rows[0]?.role ?? '',
      status,
      panels: { failed_batches: null, failed_rows: null, alerts: null, read_latency: null, provider: null, settings: null },
      changes: null,
      not_shown: [],
    };
    if (!status.installed) return state;
    for (const name of Object.keys(READ_PANEL) as PanelName[])
      await readPart(state, name, async () => Object.assign(state.panels, { [name]: await READ_PANEL[name](db, resolved) }));
    if (allowChanges)
      await readPart(state, 'changes', async () => {
        state.changes = await readOffers(db, resolved);
      });
    return state;
  });
}

/** A part that this role may not read, or that takes too long, does not hide the others. */
async function readPart(state: State, panel: PanelName | 'changes', read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    const reason = reasonOf((error as { code?: string }).code);
    if (reason === undefined) throw error;
    state.not_shown.push({ panel, reason });
  }
}

function reasonOf(sqlState: string | undefined): string | undefined {
  // The second is a newer toolkit before its first `up`.
  if (sqlState === '42501') return 'this role may not read it';
  if (sqlState === '42P01' || sqlState === '42703') return 'the database has an older version; run npm run migrate up';
  return sqlState === '57014' ? `reading it took longer than ${STATEMENT_TIMEOUT_MS / 1000} seconds` : undefined;
}
