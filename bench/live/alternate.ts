import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createDraw } from '../../storm/draw.ts';
import type { Copy } from '../backfill/contender.ts';
import { connect } from '../backfill/databases.ts';
import { TABLE } from '../backfill/documents.ts';
import { type LiveLoad, startLiveLoad } from '../backfill/live-load.ts';
import { type Campaign, createArguments, openCampaign, SEARCH_LIVE, type Storage } from '../backfill/product.ts';
import { GATE_CLOSED } from '../succeed.ts';
import type { Condition, Tally } from './latencies.ts';
import { type BridgeFigures, compareSearches, reportRandomRows, searchOverBridge } from './over-bridge.ts';

/** How the periods alternate. */
export interface Alternation {
  conditions: readonly Condition[];
  /** length of a period */
  seconds: number;
  readsPerSecond: number;
  writesPerSecond: number;
  /** settings of the toolkit, as arguments of `npm run setting`; none for the defaults */
  settings: string[];
  /** whether the application searches over a bridge, and rows are reported as wanted every second */
  bridge: boolean;
  /** whether there are enough samples */
  isEnough(): boolean;
}

interface Ledger {
  done: number;
  open: boolean;
}

const LOOK_MS = 200;
const LOOKS_A_REPORT = 5;
const LONGEST_START_MS = 15_000;

/**
 * Runs one campaign on a fresh copy and pauses and resumes it in turn while the application runs, until every row has its vector or
 * there are enough samples. One worker runs all the time; what differs between the periods is whether it may work.
 *
 * @returns figures of the bridge, if there is one
 */
export async function alternate(copy: Copy, storage: Storage, alternation: Alternation, tally: Tally): Promise<BridgeFigures | undefined> {
  const { readsPerSecond, writesPerSecond } = alternation;
  const campaign = await openCampaign(copy, { latency: 0, provider: 'http', environment: [] });
  let load: LiveLoad | undefined;
  try {
    await campaign.run(createArguments(copy.table, ['--storage', storage]), 0);
    await campaign.run(['migrate', 'up'], GATE_CLOSED);
    if (alternation.settings.length > 0) await campaign.run(['setting', ...alternation.settings], 0);
    const bridge = alternation.bridge ? await openBridge(copy, campaign) : undefined;
    await copy.client.query('VACUUM ANALYZE');
    await copy.client.query('CHECKPOINT');
    load = await startLiveLoad({
      url: copy.url,
      table: copy.table,
      readsPerSecond,
      writesPerSecond,
      search: bridge ? await searchOverBridge(copy.client) : SEARCH_LIVE,
    });
    if (!load) throw new Error('the application has nothing to do');
    await pause(copy.client, true);
    campaign.startEndlessWorker();
    for (let ledger = await readLedger(copy.client); ledger.open && !alternation.isEnough(); ledger = await readLedger(copy.client)) {
      for (const condition of alternation.conditions) await period(copy, load, condition, alternation, tally);
    }
    return bridge;
  } finally {
    load?.stop();
    await campaign.close();
  }
}

async function openBridge({ client, table }: Copy, campaign: Campaign): Promise<BridgeFigures> {
  const startedAt = performance.now();
  await campaign.run(['bridge', 'fit'], 0);
  return compareSearches(client, table, (performance.now() - startedAt) / 1000);
}

async function period(
  { client, url, table }: Copy,
  load: LiveLoad,
  condition: Condition,
  { seconds, bridge }: Alternation,
  tally: Tally,
): Promise<void> {
  const isIdle = condition === 'idle';
  await pause(client, isIdle);
  await (isIdle ? untilQuiet(client) : untilBusy(client));
  const before = await readLedger(client);
  if (!isIdle && !before.open) return;
  const draw = createDraw(table.seed, 'wanted rows');
  const vacuum = condition === 'backfill and vacuum' ? await keepVacuuming(url) : undefined;
  const startedAt = performance.now();
  const result = await load.during(async () => {
    // A period ends with the backfill: what comes after it would count as beside it.
    for (let looks = 1; performance.now() - startedAt < seconds * 1000 && (isIdle || (await readLedger(client)).open); looks++) {
      if (bridge && looks % LOOKS_A_REPORT === 0) await reportRandomRows(client, draw, table.rows);
      await sleep(LOOK_MS);
    }
  });
  const elapsed = (performance.now() - startedAt) / 1000;
  await vacuum?.stop(client);
  tally.add(condition, result, { seconds: elapsed, rows: (await readLedger(client)).done - before.done });
}

async function pause(client: pg.Client, paused: boolean): Promise<void> {
  await client.query('UPDATE reembed.setting SET paused = $1 WHERE paused <> $1', [paused]);
}

/** Waits until a pause has taken effect: workers finish the batches in hand. */
async function untilQuiet(client: pg.Client): Promise<void> {
  for (let before = -1, quietLooks = 0; quietLooks < 5; ) {
    const { done } = await readLedger(client);
    quietLooks = done === before ? quietLooks + 1 : 0;
    before = done;
    await sleep(LOOK_MS);
  }
}

/** Waits until the backfill writes. */
async function untilBusy(client: pg.Client): Promise<void> {
  const { done } = await readLedger(client);
  for (const giveUpAt = Date.now() + LONGEST_START_MS; Date.now() < giveUpAt; await sleep(LOOK_MS)) {
    const ledger = await readLedger(client);
    if (ledger.done > done || !ledger.open) return;
  }
  throw new Error(`the backfill wrote nothing within ${LONGEST_START_MS / 1000} s`);
}

async function readLedger(client: pg.Client): Promise<Ledger> {
  const { rows } = await client.query<Ledger>(
    "SELECT coalesce(sum(embedded_rows), 0)::float8 AS done, coalesce(bool_or(state = 'pending'), false) AS open FROM reembed.batch",
  );
  return rows[0] ?? { done: 0, open: false };
}

/** A VACUUM of the table after the other, until it is stopped. */
async function keepVacuuming(url: string): Promise<{ stop(client: pg.Client): Promise<void> }> {
  const session = await connect(url, 'bench vacuum');
  let isOver = false;
  const running = (async () => {
    while (!isOver) await session.query(`VACUUM ${TABLE}`);
  })().catch(() => {});
  return {
    async stop(client) {
      isOver = true;
      await client.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'bench vacuum' AND datname = current_database()",
      );
      await running;
      await session.end();
    },
  };
}
