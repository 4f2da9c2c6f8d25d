import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { checkVectors } from '../backfill/check.ts';
import type { Copy } from '../backfill/contender.ts';
import { createArguments, newVectors, openCampaign, type Storage } from '../backfill/product.ts';
import { GATE_CLOSED } from '../succeed.ts';
import { watchProcessors } from './processors.ts';

/** What limits the requests: nothing, the setting requests_per_minute, or the provider, which refuses more with 429. */
export const LIMITS = ['none', 'setting', 'provider'] as const;
export type Limit = (typeof LIMITS)[number];

/** One backfill by so many workers. */
export interface Subject {
  storage: Storage;
  limit: Limit;
  workers: number;
}

/** How each backfill is run. */
export interface Conditions {
  /** latency of the provider in milliseconds */
  latency: number;
  requestsPerMinute: number;
  /** settings of the toolkit, as arguments of `npm run setting` */
  settings: string[];
  /** environment of its commands, as name=value */
  environment: string[];
}

/** Figures of one backfill. */
export interface Figures extends Subject {
  /** from the start of the first batch until the last row has its vector */
  seconds: number;
  rowsPerSecond: number;
  requests: number;
  refusedRequests: number;
  /** requests at the provider at the same time, on average */
  requestsUnderWay: number;
  /** texts that were sent for a row that had been answered before */
  repeatedTexts: number;
  batches: number;
  /** how often a batch was begun; as many as batches when none was begun twice */
  attempts: number;
  /** share of all processors of this machine that was in use, by whatever process */
  busyShare: number;
}

const POLL_MS = 200;
const LONGEST_START_MS = 60_000;

/**
 * Runs one backfill on a fresh copy of the table. It begins when all its workers are there, so that their start is not measured.
 *
 * @throws when a vector is missing or wrong
 */
export async function measure(copy: Copy, { storage, limit, workers }: Subject, conditions: Conditions): Promise<Figures> {
  const { client, table } = copy;
  const { latency, requestsPerMinute, environment } = conditions;
  const campaign = await openCampaign(copy, { latency, provider: 'http', environment });
  try {
    await campaign.run(createArguments(table, ['--storage', storage]), 0);
    await campaign.run(['migrate', 'up'], GATE_CLOSED);
    const settings = [...conditions.settings, ...(limit === 'setting' ? [`requests_per_minute=${requestsPerMinute}`] : [])];
    if (settings.length > 0) await campaign.run(['setting', ...settings], 0);
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
    await client.query('UPDATE reembed.setting SET paused = true');
    for (let i = 0; i < workers; i++) campaign.startEndlessWorker();
    await untilStarted(client, workers);
    await campaign.provider.call('limit', limit === 'provider' ? requestsPerMinute : null);
    const before = await campaign.provider.call('usage', undefined);
    const busyShare = watchProcessors();
    await client.query('UPDATE reembed.setting SET paused = false');
    const ledger = await untilDone(client);
    const busy = busyShare();
    const after = await campaign.provider.call('usage', undefined);
    await checkVectors(client, await newVectors(client), table, []);
    const requests = after.requests - before.requests;
    return {
      ...{ storage, limit, workers },
      seconds: ledger.seconds,
      rowsPerSecond: table.rows / ledger.seconds,
      requests,
      refusedRequests: after.refusedRequests - before.refusedRequests,
      requestsUnderWay: (requests * latency) / 1000 / ledger.seconds,
      repeatedTexts: after.repeatedTexts,
      batches: ledger.batches,
      attempts: ledger.attempts,
      busyShare: busy,
    };
  } finally {
    await campaign.close();
  }
}

async function untilStarted(client: pg.Client, workers: number): Promise<void> {
  for (const giveUpAt = Date.now() + LONGEST_START_MS; Date.now() < giveUpAt; await sleep(POLL_MS)) {
    const { rows } = await client.query<{ started: number }>('SELECT count(*)::int AS started FROM reembed.worker');
    if (rows[0]?.started === workers) return;
  }
  throw new Error(`not all of ${workers} workers started within ${LONGEST_START_MS / 1000} s`);
}

interface Ledger {
  open: number;
  batches: number;
  attempts: number;
  seconds: number;
}

async function untilDone(client: pg.Client): Promise<Ledger> {
  for (;;) {
    const { rows } = await client.query<Ledger>(
      `SELECT count(*) FILTER (WHERE state = 'pending')::int AS open, count(*)::int AS batches, sum(attempts)::int AS attempts,
              extract(epoch FROM max(finished_at) - min(started_at))::float8 AS seconds
         FROM reembed.batch`,
    );
    const [ledger] = rows;
    if (ledger?.open === 0) return ledger;
    await sleep(POLL_MS);
  }
}
