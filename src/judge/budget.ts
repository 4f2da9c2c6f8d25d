import type { Queryable } from '../database/connection.ts';
import type { ChatTokens } from './chat.ts';
import { type Judge, priceOf } from './judge.ts';
import { JudgeLimitReached, JudgePriceMissing } from './judge-error.ts';

/** Counts requests against the limits of a run and against the spend cap of the campaign. */
export interface Budget {
  /**
   * Counts a request before it is sent.
   *
   * @returns replaces the expected tokens by those that the provider counted
   * @throws JudgeLimitReached
   */
  reserve(expected: ChatTokens): Promise<(real: ChatTokens) => Promise<void>>;
  /**
   * Tokens that may still be used, at a price.
   *
   * @param tokenPrice US dollars of one token
   */
  tokensLeft(tokenPrice: number): Promise<number>;
  /** what was used and is reserved */
  readonly used: { tokens: number; usd: number };
}

/**
 * The budget of one run.
 *
 * @throws JudgePriceMissing when a limit in US dollars is set and the price of the chat model is not known
 */
export async function createBudget(db: Queryable, campaign: string, judge: Judge): Promise<Budget> {
  const { maxTokens = Number.POSITIVE_INFINITY, maxUsd = Number.POSITIVE_INFINITY } = judge;
  if (judge.price === null) {
    if (judge.maxUsd !== undefined) throw new JudgePriceMissing(judge.chat.model, '--max-usd');
    const { rowCount } = await db.query(
      'SELECT FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target WHERE m.name = $1 AND s.max_usd IS NOT NULL',
      [campaign],
    );
    if (rowCount) throw new JudgePriceMissing(judge.chat.model, 'max_usd');
  }
  const used = { tokens: 0, usd: 0 };
  const count = ({ input, output }: ChatTokens, mustFit: boolean) =>
    db.query<{ fits: boolean }>('SELECT reembed.spend_on_judge($1, $2, $3, $4) AS fits', [
      campaign,
      input + output,
      priceOf(judge, { input, output }),
      mustFit,
    ]);

  return {
    used,
    async reserve(expected) {
      const [tokens, usd] = [expected.input + expected.output, priceOf(judge, expected)];
      if (used.tokens + tokens > maxTokens) throw new JudgeLimitReached('--max-tokens');
      if (used.usd + usd > maxUsd) throw new JudgeLimitReached('--max-usd');
      used.tokens += tokens;
      used.usd += usd;
      const { rows } = await count(expected, true);
      if (rows[0]?.fits !== true) {
        used.tokens -= tokens;
        used.usd -= usd;
        throw new JudgeLimitReached('the spend cap (max_tokens, max_usd)');
      }
      return async (real) => {
        const difference = { input: real.input - expected.input, output: real.output - expected.output };
        used.tokens += difference.input + difference.output;
        used.usd += priceOf(judge, difference);
        await count(difference, false);
      };
    },
    async tokensLeft(tokenPrice) {
      const { rows } = await db.query<{ left: number | null }>('SELECT reembed.spending_left($1, $2)::float8 AS left', [
        campaign,
        tokenPrice,
      ]);
      const byPrice = tokenPrice > 0 ? (maxUsd - used.usd) / tokenPrice : Number.POSITIVE_INFINITY;
      return Math.min(maxTokens - used.tokens, byPrice, rows[0]?.left ?? Number.POSITIVE_INFINITY);
    },
  };
}
