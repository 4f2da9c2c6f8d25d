import { setTimeout as sleep } from 'node:timers/promises';
import { tablesOf } from './joined-tables.ts';
import type { World } from './world.ts';

/**
 * Empties the table that is joined last and fills it again, in one transaction, now and then in the first half of the storm: no text is another
 * afterwards, but each has to be compared with its vectors. That would hide a change that was not captured before.
 */
export async function runReloads(world: World): Promise<void> {
  const table = tablesOf(world).at(-1);
  const draw = world.draw('reloads');
  const lastAt = Date.now() + 500 * world.options.seconds;
  for (;;) {
    for (let seconds = draw.between(8, 15); seconds > 0 && !world.over.aborted; seconds--) await sleep(1000);
    if (world.over.aborted || Date.now() > lastAt) return;
    await reload(world, table);
  }
}

async function reload(world: World, table: string | undefined): Promise<void> {
  const time = { from: Date.now(), to: Number.POSITIVE_INFINITY };
  world.changes.push(time);
  const client = await world.pool.connect().catch(() => undefined);
  try {
    await client?.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM ${table};
      TRUNCATE ${table}; INSERT INTO ${table} SELECT * FROM kept; COMMIT`);
    if (client) world.faults.add('joined table emptied and filled again');
    world.log(`reload of ${table}`);
  } catch (error) {
    world.log(`reload not done: ${(error as Error).message}`);
  } finally {
    client?.release(true);
    time.to = Date.now();
  }
}
