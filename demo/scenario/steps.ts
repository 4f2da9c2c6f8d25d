import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMA, type Stage, StoryBroken, TABLE } from './stage.ts';

interface Durations {
  durations_ms: Record<string, number>;
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

/** What a database has before the demo. */
export interface Before {
  toolkit: boolean;
  vector: boolean;
}

/** Reads what the demo must leave in place. */
export async function look(stage: Stage): Promise<Before> {
  const { rows } = await stage.pool.query<Before>(
    `SELECT to_regclass('reembed.schema_migration') IS NOT NULL AS toolkit, EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS vector`,
  );
  return rows[0] ?? { toolkit: true, vector: true };
}

/** The server may still execute the last statement of a command that was ended, so this is tried for some seconds. */
async function takeDown(stage: Stage, steps: string[]): Promise<void> {
  const down = ['migrate', 'down', ...steps, '--accept-missing', '--discard-vectors'];
  for (let triesLeft = 10; ; triesLeft -= 1) {
    try {
      await stage.reembed(down, 0, { evenIfStopped: true });
      return;
    } catch (error) {
      if (triesLeft === 0) throw new StoryBroken(`what the demo made was not removed: ${error instanceof Error ? error.message : error}`);
      await sleep(1000);
    }
  }
}

/** Restores the database to its state before the demo, wherever the story ended. */
export async function cleanUp(stage: Stage, before: Before): Promise<void> {
  if (stage.embedded) return;
  const { rows } = (await look(stage)).toolkit
    ? await stage.pool.query<{ files: number }>("SELECT count(*)::integer AS files FROM reembed.schema_migration WHERE name ~ '^\\d{17}_'")
    : { rows: [{ files: 0 }] };
  // The demo runs beside no other campaign: those whose files are not in its folder stop every command.
  const steps = before.toolkit ? [String(rows[0]?.files)] : ['--all'];
  if ((await look(stage)).toolkit && steps[0] !== '0') await takeDown(stage, steps);
  await stage.pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
  if (!before.vector) await stage.pool.query('DROP EXTENSION IF EXISTS vector');
}
