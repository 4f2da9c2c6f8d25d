import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** CPU time of the server processes that work in one database, without the benchmark's own sessions. */
export interface ServerCpu {
  /** null if the server's processes are not visible from here */
  stop(): Promise<{ backendMicroseconds: number; autovacuumMicroseconds: number } | null>;
}

const SAMPLE_MS = 100;
// USER_HZ, which Linux fixes at 100 for /proc.
const MICROSECONDS_OF_TICK = 10_000;

/**
 * Polls /proc for each backend, because the values disappear with the process. The last moments of a session that ends
 * between two readings are missed.
 *
 * @param monitor a connection that is not used otherwise meanwhile
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
      // A process that started before the measurement counts from its beginning, a later one from its own start.
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

/** User and system time of a server process; undefined if no process has this id, or if it is another program. */
function readTicks(pid: number, database: string): number | undefined {
  try {
    // The process title is checked, because with a remote server the id may belong to any local process.
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (!title.startsWith('postgres: ') || !title.includes(database)) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
