import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

const CHECK_EVERY_MS = 100;

/** Logs the sessions that block the application, to investigate stalls. */
export async function watchBlockers(world: World): Promise<void> {
  while (!world.over.aborted) {
    try {
      const { rows } = await world.pool.query<{ waiting: string; blocking: string }>(
        `SELECT left(w.query, 60) AS waiting, string_agg(b.application_name || ' ' || b.state || ': ' || left(b.query, 90), '; ') AS blocking
           FROM pg_stat_activity AS w, unnest(pg_blocking_pids(w.pid)) AS blocker(pid) JOIN pg_stat_activity AS b ON b.pid = blocker.pid
          WHERE w.datname = current_database() AND w.application_name = 'storm application' AND w.wait_event_type = 'Lock'
            AND clock_timestamp() - w.query_start > interval '150 milliseconds'
          GROUP BY w.pid, w.query`,
      );
      for (const { waiting, blocking } of rows) world.log(`waits: ${waiting.replace(/\s+/g, ' ')} <- ${blocking.replace(/\s+/g, ' ')}`);
    } catch {
      // The server is restarting.
    }
    await sleep(CHECK_EVERY_MS);
  }
}
