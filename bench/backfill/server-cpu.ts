import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** CPU of the server processes that work in one database, the bench's own sessions left out. */
export interface ServerCpu {
  /** null where the server's processes are not to be seen from here */
  stop(): Promise<{ backendMicroseconds: number; autovacuumMicroseconds: number } | null>;
}

const SAMPLE_MS = 100;
// USER_HZ, which Linux fixes at 100 for whoever reads /proc.
const MICROSECONDS_OF_TICK = 10_000;

/**
 * Reads /proc of each backend again and again, because what a process took is gone with it. The last moments of a session that
 * ends between two readings are missed.
 *
 * @param monitor a connection that nobody else uses meanwhile
 */
export function watchServerCpu(monitor: pg.Client): ServerCpu {
  const seen = new Map<number, { isAutovacuum: boolean; first: number; last: number }>();
  let isFirst = true;
  const sample = async () => {
    const { rows } = await monitor.query<{ pid: number; name: string; isAutovacuum: boolean }>({
      name: 'processes',
      text: `SELECT pid, datname AS name, backend_type = 'autovacuum worker' AS "isAutovacuum" FROM pg_stat_activity
              WHERE datname = current_database() AND (application_name NOT LIKE 'bench %' OR application_name = 'bench contender')`,
    });
    for (const { pid, name, isAutovacuum } of rows) {
      const ticks = readTicks(pid, name);
      if (ticks === undefined) continue;
      const process = seen.get(pid);
      // What began before the measurement counts from there on, what began later from its begin.
      if (process) process.last = ticks;
      else seen.set(pid, { isAutovacuum, first: isFirst ? ticks : 0, last: ticks });
    }
    isFirst = false;
  };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  watching.catch(() => {});
  return {
    async stop() {
      isOver = true;
      await watching;
      await sample();
      if (seen.size === 0) return null;
      const total = (kind: boolean) =>
        [...seen.values()].filter(({ isAutovacuum }) => isAutovacuum === kind).reduce((sum, { first, last }) => sum + last - first, 0);
      return {
        backendMicroseconds: total(false) * MICROSECONDS_OF_TICK,
        autovacuumMicroseconds: total(true) * MICROSECONDS_OF_TICK,
      };
    },
  };
}

/** User and system time of a server process; undefined when there is none of that number here, or it is another program. */
function readTicks(pid: number, database: string): number | undefined {
  try {
    // The title says whose backend it is: a number alone could be that of anybody's process beside a server that is elsewhere.
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (!title.startsWith('postgres: ') || !title.includes(database)) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
