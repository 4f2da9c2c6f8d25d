import { setTimeout as sleep } from 'node:timers/promises';
import { tablesOf } from './joined-tables.ts';
import type { World } from './world.ts';

/**
 * Empties the table that is joined last and fills it again, in one transaction, now and then until the storm ends: no text is another
 * afterwards, but each has to be compared with its vectors.
 */
export async function runReloads(world: World): Promise<void> {
  const table = tablesOf(world).at(-1);
  const draw = world.draw('reloads');
  await sleep(draw.between(2000, 4000));
  while (!world.over.aborted) {
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
    for (let seconds = draw.between(15, 30); seconds > 0 && !world.over.aborted; seconds--) await sleep(1000);
  }
}
