import pg from 'pg';
import { inTransaction, keepOwnSettings } from '../database/connection.ts';
import { isConnectionFailure, plainMessageOf } from '../database/database-error.ts';

/** The state of a target as the database knows it: a row of reembed.metrics. */
export interface TargetState {
  target: string;
  model: string;
  /** by column; null where there is no figure */
  figures: Record<string, number | null>;
}

/** What is known of the database at a scrape. */
export interface DatabaseState {
  /** undefined when it could not be read */
  targets: TargetState[] | undefined;
  isUp: boolean;
}

/** Reads the state of the database for scrapes. */
export interface StateReader {
  /** The state, at most a few seconds old. Never rejects, and never takes longer than a scraper waits. */
  read(): Promise<DatabaseState>;
  close(): Promise<void>;
}

// However many scrapers ask, the database is asked no more often, and spends at most a tenth of the time on it.
const FRESH_MS = 5000;
const REST_FACTOR = 10;
// For some hundred targets.
const STATEMENT_MS = 5000;
const CONNECT_MS = 2000;
// An answer that is lost on the way is not waited for longer. Prometheus waits ten seconds by default.
const LONGEST_READING_MS = 7000;

/**
 * Reads reembed.metrics over a connection of its own, so that it takes none from the work, in transactions that are cancelled after five
 * seconds.
 *
 * @param target the only target; all of them when left out
 */
export function createStateReader(url: string, target: string | undefined, notice: (line: string) => void): StateReader {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pg-reembed metrics',
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    // Ends a statement whose answer never arrives, because the other host is gone.
    query_timeout: LONGEST_READING_MS,
    onConnect: keepOwnSettings,
  });
  pool.on('error', () => {});
  let known: DatabaseState = { targets: undefined, isUp: false };
  let nextAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<DatabaseState> | undefined;
  let said = '';

  async function readOnce(): Promise<DatabaseState> {
    try {
      const { rows } = await inTransaction(pool, async (client) => {
        await client.query("SELECT set_config('statement_timeout', $1, true)", [String(STATEMENT_MS)]);
        return client.query<Record<string, unknown>>('SELECT * FROM reembed.metrics AS s WHERE s.target = coalesce($1, s.target)', [
          target ?? null,
        ]);
      });
      said = '';
      return { targets: rows.map(stateOf), isUp: true };
    } catch (error) {
      const line = `metrics: the state of the database could not be read: ${plainMessageOf(error)}`;
      if (line !== said) notice(line);
      said = line;
      return { targets: undefined, isUp: !isConnectionFailure(error) };
    }
  }

  return {
    async read() {
      const askedAt = performance.now();
      if (askedAt < nextAt) return known;
      reading ??= readOnce().then((state) => {
        known = state;
        const now = performance.now();
        // The end of an outage should be seen soon, however long the attempt took.
        nextAt = now + (state.isUp ? Math.max(FRESH_MS, (now - askedAt) * REST_FACTOR) : FRESH_MS);
        reading = undefined;
        return state;
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<DatabaseState>((resolve) => {
        timer = setTimeout(resolve, LONGEST_READING_MS, { targets: undefined, isUp: false });
      });
      return Promise.race([reading, late]).finally(() => clearTimeout(timer));
    },
    async close() {
      await pool.end().catch(() => {});
    },
  };
}

function stateOf({ target, model, ...columns }: Record<string, unknown>): TargetState {
  const figures = Object.entries(columns).map(([column, figure]) => [column, typeof figure === 'number' ? figure : null] as const);
  return { target: String(target), model: String(model), figures: Object.fromEntries(figures) };
}
