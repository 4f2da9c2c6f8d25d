import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isSame } from './journal.ts';
import { OPERATIONS, type OperationName, type PlannedWrite, planWrite, type RowSource } from './operations.ts';
import { isStatic, TABLE, textFor, type World } from './world.ts';

// COPY of many rows takes long in any case, and so does a transaction that is held open.
const LONG: ReadonlySet<OperationName> = new Set(['bulk copy', 'hold transaction open']);
const NOTABLE_STALL_MS = 200;
const WORST_KEPT = 5;

/**
 * One client of the application: writes rows of its own, one operation after another, until the storm ends. Every
 * acknowledged write is recorded in the journal.
 */
export async function runWriter(world: World, number: number): Promise<void> {
  const draw = world.draw(`writer ${number}`);
  const { writers, rows: firstRows } = world.options;
  const mine = Array.from({ length: firstRows }, (_, i) => i + 1).filter((id) => id % writers === number && !isStatic(id));
  let nextKey = (number + 1) * 10_000_000;
  let mark = 0;
  const rows: RowSource = {
    existing() {
      while (mine.length > 0) {
        const place = draw.between(0, mine.length - 1);
        const id = mine[place] as number;
        const state = world.journal.get(id);
        if (state) return { id, state };
        mine[place] = mine.at(-1) as number;
        mine.pop();
      }
      return undefined;
    },
    fresh() {
      nextKey += 1;
      return nextKey;
    },
    text() {
      mark += 1;
      return textFor(draw, `writer ${number} text ${mark}`);
    },
  };

  while (!world.over.aborted) {
    const name = draw.weighted(OPERATIONS);
    if (name.includes('own vector') && !world.writesOwnVectors) continue;
    const plan = planWrite(name, draw, rows, world.columns);
    if (plan) await perform(world, name, plan);
    if (plan) mine.push(...[...plan.change].filter(([id, state]) => state && id > firstRows).map(([id]) => id));
    await sleep(draw.between(20, 80));
  }
}

async function perform(world: World, name: OperationName, plan: PlannedWrite): Promise<void> {
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
async function lookUp(world: World, name: OperationName, plan: PlannedWrite): Promise<void> {
  const ids = [...plan.change.keys()];
  for (;;) {
    try {
      const { rows } = await world.pool.query<{ id: string; content: string | null; title: string }>(
        `SELECT ${world.columns.id} AS id, ${world.columns.content} AS content, title FROM ${TABLE} WHERE ${world.columns.id} = ANY ($1)`,
        [ids],
      );
      const found = new Map(rows.map(({ id, content, title }) => [Number(id), { content, title }]));
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
