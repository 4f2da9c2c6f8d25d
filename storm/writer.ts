import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { CHAPTER_OPERATIONS, JOINED_OPERATIONS, type JoinedOperationName, planJoinedWrite } from './joined-operations.ts';
import { presentRows } from './joined-tables.ts';
import { isSame } from './journal.ts';
import { OPERATIONS, type OperationName, type PlannedWrite, planWrite } from './operations.ts';
import { createOwnRows } from './own-rows.ts';
import type { World } from './world.ts';

// COPY of many rows takes long in any case, and so does a transaction that is held open.
const LONG: ReadonlySet<string> = new Set(['bulk copy', 'hold transaction open']);
const NOTABLE_STALL_MS = 200;
const WORST_KEPT = 5;

/**
 * One client of the application: writes rows of its own, one operation after another, until the storm ends. Every
 * acknowledged write is recorded in the journal.
 */
export async function runWriter(world: World, number: number): Promise<void> {
  const draw = world.draw(`writer ${number}`);
  const rows = createOwnRows(world, number, draw);
  const operations = weightsOf(world);

  while (!world.over.aborted) {
    const name = draw.weighted(operations);
    if (name.includes('own vector') && !world.writesOwnVectors) continue;
    const plan =
      world.options.joins > 0
        ? planJoinedWrite(name as JoinedOperationName, draw, rows, world)
        : planWrite(name as OperationName, draw, rows, world.columns);
    if (plan) await perform(world, name, plan);
    if (plan) for (const [id, state] of plan.change) if (state) rows.add(id);
    await sleep(draw.between(20, 80));
  }
}

function weightsOf({ options }: World): Record<string, number> {
  if (options.joins === 0) return OPERATIONS;
  return options.joins === 1 ? JOINED_OPERATIONS : { ...JOINED_OPERATIONS, ...CHAPTER_OPERATIONS };
}

async function perform(world: World, name: string, plan: PlannedWrite): Promise<void> {
  const startedAt = Date.now();
  let client: pg.PoolClient | undefined;
  try {
    client = await world.application.connect();
    await plan.run(LONG.has(name) ? client : timed(world, name, client));
    for (const [id, state] of plan.change) world.journal.set(id, state);
    client.release();
    world.operations.add(name);
  } catch (error) {
    client?.release(true);
    const { code = '', message = '' } = error as { code?: string; message?: string };
    world.log(`${name} failed: ${code} ${message}`);
    // Planned with names that were changed before the statement ran; it would have failed without pg-reembed, too.
    const isOutdated = code === '42703' && world.isChanged(startedAt, Date.now());
    if (world.server.isUp(startedAt, Date.now()) && !isOutdated) world.failedWrites.add(`${name}: ${code} ${message}`);
    await lookUp(world, name, plan);
  }
}

/** The same client with every statement timed: the stall of an operation is that of its longest statement. */
function timed(world: World, name: string, client: pg.PoolClient): pg.ClientBase {
  return new Proxy(client, {
    get(target, property) {
      if (property !== 'query') return Reflect.get(target, property);
      return async (text: string, values?: unknown[]) => {
        const sentAt = Date.now();
        const result = await target.query(text, values);
        noteStall(world, name, sentAt);
        return result;
      };
    },
  });
}

function noteStall(world: World, name: string, sentAt: number): void {
  const milliseconds = Date.now() - sentAt;
  if (!world.server.isUp(sentAt, Date.now()) || world.isChanged(sentAt, Date.now())) return;
  if (milliseconds >= NOTABLE_STALL_MS) world.log(`${name} took ${milliseconds} ms`);
  world.stalls.push({ milliseconds, what: `${name} at ${new Date(sentAt).toISOString().slice(11, 23)}` });
  world.stalls.sort((a, b) => b.milliseconds - a.milliseconds);
  world.stalls.length = Math.min(world.stalls.length, WORST_KEPT);
}

/** Looks up a write whose answer was lost with its connection: it was committed as a whole, or not at all. */
async function lookUp(world: World, name: string, plan: PlannedWrite): Promise<void> {
  const ids = [...plan.change.keys()];
  for (;;) {
    try {
      const found = await presentRows(world, ids);
      if (ids.every((id) => isSame(found.get(id), plan.change.get(id)))) {
        for (const id of ids) world.journal.set(id, found.get(id));
      } else if (!ids.every((id) => isSame(found.get(id), world.journal.get(id)))) {
        world.lostWrites.add(`${name} of rows ${ids.slice(0, 3).join(', ')} is neither done nor undone`);
      }
      return;
    } catch {
      await sleep(300);
    }
  }
}
