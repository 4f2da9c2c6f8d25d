import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { tablesOf } from './joined-tables.ts';
import type { WorkerFleet } from './workers.ts';
import { TABLE, type World } from './world.ts';

export const FAULTS = {
  'SIGKILL of a worker': 5,
  'SIGTERM of a worker': 3,
  'worker frozen': 2,
  'backend terminated': 6,
  'index build terminated': 4,
  'server crashed': 4,
  'table locked while DDL waits': 4,
  'old snapshot held': 2,
  'paused for a while': 1,
  'ledger row out of date': 4,
  'queue lost its jobs': 2,
  'provider out of order': 1,
};

type Fault = keyof typeof FAULTS;

const SECONDS_BETWEEN_CRASHES = 60;

/** Injects faults at random until the storm ends. */
export async function runFaults(world: World, fleet: WorkerFleet, provider: { isOut: boolean }): Promise<void> {
  const draw = world.draw('faults');
  const after = (milliseconds: number) => sleep(milliseconds);
  let crashedAt = Date.now();

  const inject: Record<Fault, () => Promise<boolean | undefined>> = {
    'SIGKILL of a worker': async () => void fleet.kill(draw),
    'SIGTERM of a worker': async () => void fleet.terminate(draw),
    // Sometimes longer than the heartbeat timeout: another worker takes the job over while this one still believes it has it.
    'worker frozen': async () => void fleet.freeze(draw, draw.chance(0.3) ? 40_000 : draw.between(2000, 8000)),
    async 'backend terminated'() {
      const { rows } = await world.pool.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pg-reembed%' ORDER BY pid",
      );
      if (rows.length === 0) return false;
      await world.pool.query('SELECT pg_terminate_backend($1)', [draw.pick(rows).pid]);
      return true;
    },
    async 'index build terminated'() {
      const { rowCount } = await world.pool.query(
        `SELECT ${draw.chance(0.5) ? 'pg_terminate_backend' : 'pg_cancel_backend'}(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query ~* '^\\s*create index concurrently'`,
      );
      return (rowCount ?? 0) > 0;
    },
    async 'server crashed'() {
      if (!world.server.crash || Date.now() - crashedAt < SECONDS_BETWEEN_CRASHES * 1000) return false;
      await world.server.crash();
      crashedAt = Date.now();
      return true;
    },
    'table locked while DDL waits': () =>
      holdTransaction(`LOCK TABLE ${draw.pick(tablesOf(world))} IN ROW EXCLUSIVE MODE`, draw.between(500, 3000)),
    'old snapshot held': () => holdTransaction(`SELECT count(*) FROM ${TABLE}`, draw.between(2000, 6000)),
    async 'paused for a while'() {
      await world.pool.query("UPDATE reembed.setting SET paused = true, paused_reason = 'storm'");
      await after(draw.between(500, 2000));
      await untilDone(() => world.pool.query('UPDATE reembed.setting SET paused = false'));
      return true;
    },
    // As if the ledger had been restored from a copy: finished work is open again, or open work is marked as done.
    async 'ledger row out of date'() {
      const { rowCount } = await world.pool.query(
        draw.chance(0.5)
          ? `UPDATE reembed.batch SET state = 'pending', finished_at = NULL
              WHERE (campaign, id) IN (SELECT campaign, id FROM reembed.batch WHERE state = 'done' ORDER BY md5(id::text || $1) LIMIT 3)`
          : `UPDATE reembed.batch SET state = 'done', finished_at = now()
              WHERE (campaign, id) IN (SELECT campaign, id FROM reembed.batch WHERE state = 'pending' ORDER BY md5(id::text || $1) LIMIT 3)`,
        [String(draw.between(1, 1000))],
      );
      return (rowCount ?? 0) > 0;
    },
    async 'queue lost its jobs'() {
      await world.pool.query("DELETE FROM reembed_queue.job WHERE name ~ '^(batch|catch_up)_'");
      return true;
    },
    async 'provider out of order'() {
      provider.isOut = true;
      await after(draw.between(2000, 8000));
      provider.isOut = false;
      return true;
    },
  };

  while (!world.over.aborted) {
    await after(draw.between(1000, 5000));
    const fault = draw.weighted(FAULTS);
    try {
      if ((await inject[fault]()) === false) continue;
      world.faults.add(fault);
      world.log(`fault: ${fault}`);
    } catch (error) {
      // The server was down or the tables did not exist yet, so the fault had no effect.
      world.log(`fault ${fault} not done: ${(error as Error).message}`);
    }
  }
  provider.isOut = false;

  async function holdTransaction(statement: string, milliseconds: number): Promise<boolean> {
    const client = new pg.Client({ connectionString: world.server.url, application_name: 'storm application' });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${statement}`);
      await after(milliseconds);
      await client.query('COMMIT');
    } finally {
      await client.end().catch(() => {});
    }
    return true;
  }
}

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch {
      await sleep(300);
    }
  }
}
