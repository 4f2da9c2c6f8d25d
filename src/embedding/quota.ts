import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import { ProviderUnavailable } from './provider-error.ts';

/** How long to ask for one request, and what ends the wait. */
export interface QuotaWait {
  /** tokens the request is expected to take */
  tokens: number;
  /** when the patience with a provider that failed is used up, in milliseconds; never when left out */
  giveUpAt: number | undefined;
  patienceSeconds: number;
  signal: AbortSignal;
}

const LONGEST_SLEEP_SECONDS = 5;
// A hold that another worker asked for, or a quota that was just set, is heard of within this time.
const TRUST_MS = 500;

/** What a database last said of a model. */
interface Word {
  /** until when it may be trusted that the model has no quota and is not held */
  freeUntil: number;
  /** when this process held it itself */
  heldAt: number;
}

const words = new WeakMap<Queryable, Map<string, Word>>();

/**
 * Waits for leave to send a request, however long: a small quota is the user's wish. Only a provider that failed us may
 * use up the patience.
 *
 * @throws ProviderUnavailable, and the reason of the signal
 */
export async function waitForQuota(db: Queryable, model: string, { tokens, giveUpAt, patienceSeconds, signal }: QuotaWait): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (Date.now() < wordOf(db, model).freeUntil) return;
    const wait = await takeQuota(db, model, tokens);
    if (wait <= 0) return;
    if (giveUpAt !== undefined && Date.now() > giveUpAt)
      throw new ProviderUnavailable(model, `no request was allowed for ${patienceSeconds} s`);
    await sleep(Math.min(wait, LONGEST_SLEEP_SECONDS) * 1000, undefined, { signal });
  }
}

/** Keeps every worker from calling a model's provider for some seconds. */
export async function holdProvider(db: Queryable, model: string, seconds: number, reason: string): Promise<void> {
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
  // An answer that was on its way while the provider was held knows nothing of it.
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
