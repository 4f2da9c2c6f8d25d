import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMA, type Stage, StoryBroken, TABLE } from './stage.ts';

interface Durations {
  durations_ms: Record<string, number>;
}

/** Whether the toolkit was installed in this database before the demo. */
export async function isInstalled(stage: Stage): Promise<boolean> {
  const { rows } = await stage.pool.query<{ yes: boolean }>("SELECT to_regclass('reembed.campaign') IS NOT NULL AS yes");
  return rows[0]?.yes ?? false;
}

/** The live model. */
export async function activeModel(stage: Stage): Promise<string> {
  const { rows } = await stage.pool.query<{ model: string }>('SELECT reembed.active_model($1) AS model', [TABLE]);
  return rows[0]?.model ?? '';
}

/** Runs `migrate up` through the switch; returns its duration in milliseconds. The command ends waiting for the soak time. */
export async function switchOver(stage: Stage): Promise<number> {
  return durationOf(await stage.reembed(['migrate', 'up', '--json'], 3));
}

/** Runs `migrate down` through the switch; returns its duration in milliseconds. */
export async function switchBack(stage: Stage): Promise<number> {
  return durationOf(await stage.reembed(['migrate', 'down', '--json']));
}

function durationOf(output: string): number {
  const { durations_ms } = JSON.parse(output) as Durations;
  const duration = Object.entries(durations_ms).find(([name]) => name.endsWith('_switch'))?.[1];
  if (duration === undefined) throw new StoryBroken(`no switch was run: ${output}`);
  return duration;
}

/** Resolves when the worker has processed every written row. */
export async function caughtUp(stage: Stage): Promise<void> {
  for (const giveUpAt = Date.now() + 30_000; ; await sleep(100)) {
    const { rows } = await stage.pool.query<{ waiting: number }>('SELECT count(*)::integer AS waiting FROM reembed.change');
    if (rows[0]?.waiting === 0) return;
    if (Date.now() > giveUpAt) throw new StoryBroken(`${rows[0]?.waiting} rows still wait for the worker`);
  }
}

/** Restores the database to its state before the demo. */
export async function cleanUp(stage: Stage, wasInstalled: boolean): Promise<void> {
  if (stage.embedded) return;
  // If the database has other campaigns, only the demo's files are rolled back.
  await stage.reembed(wasInstalled ? ['migrate', 'down', '4'] : ['migrate', 'down', '--all', '--accept-missing']);
  await stage.pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
}
