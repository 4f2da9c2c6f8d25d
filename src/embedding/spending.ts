import type { Queryable } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';

/** The spend cap of a campaign leaves no room for the next request. The campaign is paused. */
export class SpendCapReached extends ReembedError {
  constructor(
    reason: string,
    remedy = 'nothing is lost: raise max_tokens or max_usd and end the pause in one command, npm run setting -- max_usd=USD paused=false',
  ) {
    super('spend_cap', reason, remedy);
  }
}

/** What a request counts against the cap until the provider has counted it. */
export interface Reservation {
  /** Replaces the expected number of tokens by the real one. Never rejects: a reservation that stays only errs on the safe side. */
  correct(tokens: number): Promise<void>;
}

// A cap that is newly set takes effect within this time.
const TRUST_MS = 500;

const freeUntil = new WeakMap<Queryable, Map<string, number>>();

/**
 * Counts a request against the spend cap of its campaign before it is sent, over all workers. Without a cap the database
 * is asked twice a second.
 *
 * @returns undefined where there is no cap
 * @throws SpendCapReached
 */
export async function reserveSpending(
  db: Queryable | null,
  campaign: string | undefined,
  model: string,
  tokens: number,
): Promise<Reservation | undefined> {
  if (!db || campaign === undefined) return undefined;
  const askedAt = Date.now();
  const times = freeUntil.get(db) ?? new Map<string, number>();
  freeUntil.set(db, times);
  if (askedAt < (times.get(campaign) ?? 0)) return undefined;
  const { rows } = await db.query<{ refusal: string | null; capped: boolean }>(
    `SELECT reembed.reserve_spending($1, $2, $3) AS refusal,
            EXISTS (SELECT FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
                     WHERE m.name = $1 AND m.phase <> 'contract' AND (s.max_tokens IS NOT NULL OR s.max_usd IS NOT NULL)) AS capped`,
    [campaign, model, tokens],
  );
  const { refusal = null, capped = false } = rows[0] ?? {};
  if (refusal !== null) throw new SpendCapReached(refusal);
  if (!capped) {
    times.set(campaign, askedAt + TRUST_MS);
    return undefined;
  }
  return {
    async correct(real) {
      if (real !== tokens) await db.query('SELECT reembed.correct_spending($1, $2, $3)', [campaign, model, real - tokens]).catch(() => {});
    },
  };
}
