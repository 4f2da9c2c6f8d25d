import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import { messageOf, type ReembedError } from '../errors.ts';
import { BadAnswer } from './check-vectors.ts';
import { packRequests, type RequestLimits } from './pack.ts';
import { sendProbe } from './probe.ts';
import type { Provider } from './provider.ts';
import { InputRefused, ProviderRefused, ProviderUnavailable } from './provider-error.ts';

/** How requests are made. */
export interface EmbedOptions {
  limits: RequestLimits;
  /** document for what is stored (the default), query for what is searched for */
  role?: 'document' | 'query';
  /** tokens a character is expected to be */
  tokensPerCharacter: number;
  /** how long a provider that does not answer is waited for, in seconds */
  patienceSeconds: number;
  /** ends a request under way and every wait */
  signal?: AbortSignal | undefined;
  /** begins no further request and ends every wait; a request under way is still answered, because it is paid for */
  stopping?: AbortSignal | undefined;
}

/** What became of each text. */
export interface EmbedOutcome<T> {
  embedded: { item: T; vector: Float32Array }[];
  refused: { item: T; code: string; message: string }[];
  tokens: number;
  requests: number;
  /** false when it was stopped before every text had been asked for */
  complete: boolean;
}

/** More than half of a batch was refused: the provider is at fault, and parking good rows would hide it. */
export class ProviderUnusable extends ProviderRefused {
  constructor(model: string, refused: number, total: number, message: string) {
    super(
      'provider_unusable',
      `${refused} of ${total} texts were refused, so no row is to blame; the last reason: ${message}`,
      `check the model name, the dimensions and the server behind ${model}, then start again; no row was marked as failed`,
    );
  }
}

const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;
// From here on it is worth asking whether the rows or the provider are at fault.
const ROWS_THAT_TELL = 10;
const TRIES_AFTER_BAD_ANSWER = 3;

/**
 * Embeds the texts of a batch: packs requests, keeps to the quota shared by all workers, waits out a provider that is
 * overloaded, and splits a refused request until the text at fault is alone.
 *
 * @throws ProviderUnavailable when the patience is used up, ProviderRefused when only the operator can help
 */
export async function embedTexts<T extends { text: string | null; hasFailed?: boolean }>(
  db: Queryable,
  provider: Provider,
  items: readonly T[],
  options: EmbedOptions,
): Promise<EmbedOutcome<T>> {
  const outcome: EmbedOutcome<T> = { embedded: [], refused: [], tokens: 0, requests: 0, complete: true };
  const role = options.role ?? 'document';
  const prefixLength = provider.model[`${role}_prefix`].length;
  const tokensOf = (item: T) => Math.max(1, Math.ceil(((item.text?.length ?? 0) + prefixLength) * options.tokensPerCharacter));
  // Rows that failed before are left out of the judgement on the provider: handed over together they would always speak against it.
  const triedAtFirst = items.filter(({ hasFailed }) => !hasFailed).length;
  let refusedAtFirst = 0;
  const ending = [options.signal, options.stopping].filter((signal) => signal !== undefined);
  const waitUntil = ending.length > 0 ? AbortSignal.any(ending) : undefined;
  try {
    for (const request of packRequests(items, options.limits, tokensOf)) await embedOrSplit(request, 1);
  } catch (error) {
    // What was embedded before is paid for and worth storing.
    if (!options.stopping?.aborted || options.signal?.aborted || !isAbort(error)) throw error;
    outcome.complete = false;
    // Whether the rows or the provider were at fault only a whole batch can tell.
    outcome.refused.length = 0;
  }
  return outcome;

  async function embedOrSplit(request: T[], attempt: number): Promise<void> {
    try {
      const { vectors, tokens } = await askPatiently(request);
      outcome.tokens += tokens;
      request.forEach((item, i) => {
        outcome.embedded.push({ item, vector: vectors[i] as Float32Array });
      });
    } catch (error) {
      if (!(error instanceof InputRefused || error instanceof BadAnswer)) throw error;
      if (error instanceof BadAnswer && error.positions.length === 0) return splitAfterBadAnswer(request, error, attempt);
      // A provider in trouble also spoils good answers; what is the row's own fault comes back every time.
      if (request.length === 1 && error instanceof BadAnswer && attempt < TRIES_AFTER_BAD_ANSWER) return embedOrSplit(request, attempt + 1);
      if (request.length === 1) return await park(request[0] as T, error);
      for (const part of divide(request, error instanceof BadAnswer ? error.positions : [])) await embedOrSplit(part, 1);
    }
  }

  /** The answer as a whole was wrong, which says nothing about the texts. */
  async function splitAfterBadAnswer(request: T[], error: BadAnswer, attempt: number): Promise<void> {
    if (attempt < TRIES_AFTER_BAD_ANSWER) return embedOrSplit(request, attempt + 1);
    if (request.length === 1 || error.code === 'wrong_dimensions') throw new ProviderRefused(error.code, error.message, error.remedy);
    const middle = Math.ceil(request.length / 2);
    await embedOrSplit(request.slice(0, middle), TRIES_AFTER_BAD_ANSWER);
    await embedOrSplit(request.slice(middle), TRIES_AFTER_BAD_ANSWER);
  }

  async function park(item: T, error: ReembedError): Promise<void> {
    // Before the first row is blamed, the provider has to show that it takes anything at all.
    if (outcome.embedded.length === 0 && outcome.refused.length === 0) await sendProbe(provider);
    outcome.refused.push({ item, code: error.code, message: messageOf(error) });
    if (item.hasFailed) return;
    refusedAtFirst += 1;
    if (triedAtFirst >= ROWS_THAT_TELL && refusedAtFirst > triedAtFirst / 2) {
      throw new ProviderUnusable(provider.model.name, refusedAtFirst, triedAtFirst, messageOf(error));
    }
  }

  async function askPatiently(request: T[]): Promise<{ vectors: Float32Array[]; tokens: number }> {
    const expected = request.reduce((sum, item) => sum + tokensOf(item), 0);
    let giveUpAt: number | undefined;
    for (let attempt = 1; ; attempt++) {
      await waitForQuota(expected, giveUpAt);
      try {
        outcome.requests += 1;
        return await provider.embed(
          request.map((item) => item.text ?? ''),
          role,
          options.signal,
        );
      } catch (error) {
        if (!(error instanceof ProviderUnavailable)) throw error;
        waitUntil?.throwIfAborted();
        giveUpAt ??= Date.now() + options.patienceSeconds * 1000;
        const backOff = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
        const pause = error.retryAfterSeconds ?? backOff;
        if (Date.now() + pause * 1000 > giveUpAt) throw error;
        // Told to every worker through the database, so that none of them runs into the same wall.
        await db.query('SELECT reembed.hold_provider($1, $2, $3)', [provider.model.name, pause, error.message]);
      }
    }
  }

  /** Waits its turn, however long: a small quota is the user's wish. Only a provider that failed us may use up the patience. */
  async function waitForQuota(tokens: number, giveUpAt: number | undefined): Promise<void> {
    for (;;) {
      waitUntil?.throwIfAborted();
      const { rows } = await db.query<{ wait: number }>('SELECT reembed.take_quota($1, $2) AS wait', [provider.model.name, tokens]);
      const wait = rows[0]?.wait ?? 0;
      if (wait <= 0) return;
      if (giveUpAt !== undefined && Date.now() > giveUpAt)
        throw new ProviderUnavailable(provider.model.name, `no request was allowed for ${options.patienceSeconds} s`);
      await sleep(Math.min(wait, 5) * 1000, undefined, waitUntil ? { signal: waitUntil } : {});
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The faulty texts one by one and the others together, or two halves when it is not known which are faulty. */
function divide<T>(request: T[], positions: number[]): T[][] {
  if (positions.length > 0 && positions.length < request.length) {
    const faulty = new Set(positions);
    return [request.filter((_, i) => !faulty.has(i)), ...positions.map((position) => [request[position] as T])];
  }
  const middle = Math.ceil(request.length / 2);
  return [request.slice(0, middle), request.slice(middle)];
}
