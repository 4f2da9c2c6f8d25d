import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import { ProviderUnavailable } from './provider-error.ts';

/** Parameters of the wait for one request. */
export interface QuotaWait {
  /** expected number of tokens of the request */
  tokens: number;
  /** when the patience with a failed provider ends, as a time in milliseconds; never when left out */
  giveUpAt: number | undefined;
  patienceSeconds: number;
  signal: AbortSignal;
}

const LONGEST_SLEEP_SECONDS = 5;
// A hold by another worker, or a newly set quota, takes effect within this time.
const TRUST_MS = 500;

/** The last known state of a model in a database. */
interface Word {
  /** time until which the model may be assumed to have no quota and no hold */
  freeUntil: number;
  /** time at which this process set a hold */
  heldAt: number;
}

const words = new WeakMap<Queryable, Map<string, Word>>();

/** Times in milliseconds until which models are held in a process without a database. */
const heldHere = new Map<string, number>();

/**
 * Waits until a request may be sent, however long that takes: a small quota is the user's choice. Only a failed
 * provider uses up the patience.
 *
 * @param db null: there are no workers to share a quota with
 * @throws ProviderUnavailable, and the reason of the signal
 */
export async function waitForQuota(
  db: Queryable | null,
  model: string,
  { tokens, giveUpAt, patienceSeconds, signal }: QuotaWait,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (db && Date.now() < wordOf(db, model).freeUntil) return;
    const wait = db ? await takeQuota(db, model, tokens) : ((heldHere.get(model) ?? 0) - Date.now()) / 1000;
    if (wait <= 0) return;
    if (giveUpAt !== undefined && Date.now() > giveUpAt)
      throw new ProviderUnavailable(model, `no request was allowed for ${patienceSeconds} s`);
    await sleep(Math.min(wait, LONGEST_SLEEP_SECONDS) * 1000, undefined, { signal });
  }
}

/** Keeps every worker from calling a model's provider for some seconds; without a database, only this process. */
export async function holdProvider(db: Queryable | null, model: string, seconds: number, reason: string): Promise<void> {
  if (!db) {
    heldHere.set(model, Math.max(heldHere.get(model) ?? 0, Date.now() + seconds * 1000));
    return;
  }
  await db.query('SELECT reembed.hold_provider($1, $2, $3)', [model, seconds, reason]);
  Object.assign(wordOf(db, model), { freeUntil: 0, heldAt: Date.now() });
}

async function takeQuota(db: Queryable, model: string, tokens: number): Promise<number> {
  const askedAt = Date.now();
  const { rows } = await db.query<{ wait: number; limited?: boolean }>(
    `SELECT reembed.take_quota($1, $2) AS wait,
            EXISTS (SELECT FROM reembed.setting AS s JOIN reembed.vector_column AS v ON v.target = s.target
                     WHERE v.model = $1 AND (s.requests_per_minute IS NOT NULL OR s.tokens_per_minute IS NOT NULL)) AS limited`,
    [model, tokens],
  );
  const { wait = 0, limited } = rows[0] ?? {};
  const word = wordOf(db, model);
  // An answer that was requested before the hold does not include it.
  if (wait <= 0 && limited === false && word.heldAt < askedAt) word.freeUntil = askedAt + TRUST_MS;
  return wait;
}

function wordOf(db: Queryable, model: string): Word {
  const models = words.get(db) ?? new Map<string, Word>();
  words.set(db, models);
  const word = models.get(model) ?? { freeUntil: 0, heldAt: 0 };
  models.set(model, word);
  return word;
}
