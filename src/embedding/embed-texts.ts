import type { Queryable } from '../database/connection.ts';
import { messageOf, type ReembedError } from '../errors.ts';
import { BadAnswer } from './check-vectors.ts';
import { type DistinctText, distinctTexts, sizeOf } from './distinct-texts.ts';
import { divide, eighths, mayHalve } from './divide.ts';
import { packRequests, type RequestLimits } from './pack.ts';
import { createPatience, type Patience } from './patience.ts';
import { sendProbe } from './probe.ts';
import type { Embedded, Provider } from './provider.ts';
import { InputRefused, ProviderOverloaded, RequestTooLarge } from './provider-error.ts';
import { ProviderUnusable } from './provider-unusable.ts';
import { sendCheck } from './send-check.ts';
import { type Sending, sendInTurn } from './send-in-turn.ts';
import { type Reservation, SpendCapReached } from './spending.ts';
import { type Bench, classOf, findFault, mayBeOfTexts, type Suspicion } from './suspect.ts';

/**
 * Sends a request by calling `send`, and may observe it. It returns or throws what `send` does.
 *
 * @param request.isRepeated whether one of its texts was sent before
 * @param request.signal aborted when we no longer wait for the answer
 */
export type SendObserver = (
  request: { texts: number; isRepeated: boolean; signal: AbortSignal },
  send: () => Promise<Embedded>,
) => Promise<Embedded>;

/** Options of embedTexts(). */
export interface EmbedOptions {
  /** limits of a request; lower limits learnt from the provider take precedence */
  limits: RequestLimits;
  /** document for stored texts (the default), query for search texts */
  role?: 'document' | 'query';
  /** expected number of tokens per character */
  tokensPerCharacter: number;
  /** how long to wait for a provider that does not answer, in seconds */
  patienceSeconds: number;
  /** campaign whose spend cap the requests count against; none when left out */
  campaign?: string | undefined;
  /** counts a request of that many expected tokens against a cap of this process instead; throws SpendCapReached */
  reserve?: ((tokens: number) => Reservation) | undefined;
  /** sends each request, and observes it */
  observe?: SendObserver | undefined;
  /** called after each answer with the number of distinct texts that have a vector */
  onAnswer?: ((texts: number) => void) | undefined;
  /** aborts requests under way and every wait */
  signal?: AbortSignal | undefined;
  /** starts no further request and ends every wait; requests under way are still answered, because they are paid for */
  stopping?: AbortSignal | undefined;
}

/** Outcome for each text, in the order of the texts. */
export interface EmbedOutcome<T> {
  embedded: { item: T; vector: Float32Array }[];
  refused: { item: T; code: string; message: string; words?: string | undefined }[];
  tokens: number;
  requests: number;
  /** false when it was stopped or failed before every text was sent */
  complete: boolean;
  /** the error that ended it; vectors received before are paid for and should still be stored */
  failure?: unknown;
}

// With this many texts it can be decided whether the rows or the provider are at fault.
const TEXTS_THAT_TELL = 10;
const TRIES_AFTER_BAD_ANSWER = 3;
// Fewer texts are read quickly in any encoding; finding the faster encoding takes two requests.
const TEXTS_WORTH_A_TRIAL = 10;

/**
 * Embeds the texts of a batch, each distinct one once: packs requests, sends as many at a time as the provider accepts,
 * respects the quota shared by all workers, waits for an overloaded provider, and divides a request that fails until the
 * faulty text is alone.
 *
 * Never throws provider errors. The outcome contains what was embedded and the failure: ProviderUnavailable when the
 * patience is used up, ProviderRefused when only the operator can fix it.
 *
 * @param db holds quotas and caps that all workers share; null for a process that shares none
 */
export async function embedTexts<T extends { text: string | null; hasFailed?: boolean }>(
  db: Queryable | null,
  provider: Provider,
  items: readonly T[],
  options: EmbedOptions,
): Promise<EmbedOutcome<T>> {
  const { model, findings } = provider;
  const role = options.role ?? 'document';
  const texts = distinctTexts(items, (text) =>
    Math.max(1, Math.ceil((text.length + model[`${role}_prefix`].length) * options.tokensPerCharacter)),
  );
  const outcome: EmbedOutcome<T> = { embedded: [], refused: [], tokens: 0, requests: 0, complete: true };
  // Texts that failed before are no evidence against the provider: sent together they would always count against it.
  const triedAtFirst = [...texts.values()].filter(({ hasFailed }) => !hasFailed).length;
  let refusedAtFirst = 0;
  let isAnyDone = false;
  let answered = 0;
  let proof: Promise<void> | undefined;
  const failures: unknown[] = [];
  const failed = new AbortController();
  const cutOff = anyOf([options.signal, failed.signal]);
  // At the spend cap, requests under way are still answered, because they are paid for.
  const capped = new AbortController();
  const noFurther = anyOf([options.signal, options.stopping, failed.signal, capped.signal]);

  const sending: Sending = { db, provider, role, options, texts, outcome, pack, noFurther, cutOff };
  const bench: Bench = {
    attempt,
    blame,
    canCheck: () => !findings.succeeded.isEmpty(),
    async check(suspect, patience) {
      const outage = await sendCheck(suspect, provider, (text) => askPatiently([text], patience));
      noFurther.throwIfAborted();
      return outage;
    },
  };

  await sendAll(pack([...texts.values()]));
  if (failures.length > 0) {
    outcome.failure = failures[0];
    outcome.complete = false;
  }

  for (const item of items) {
    const { vector, refusal } = texts.get(item.text ?? '') as DistinctText;
    if (vector) outcome.embedded.push({ item, vector });
    // Otherwise whether the rows or the provider are at fault can only be decided for a complete batch.
    else if (refusal && (outcome.complete || refusal.isProven)) {
      const { code, message, words } = refusal;
      outcome.refused.push({ item, code, message, words });
    }
  }
  return outcome;

  function pack(some: DistinctText[]): DistinctText[][] {
    return packRequests(some, findings.limits.within(options.limits), ({ tokens }) => tokens);
  }

  /** Never rejects: keeps the first error that ends the whole call, and drops the other requests. */
  async function sendAll(requests: DistinctText[][]): Promise<void> {
    await Promise.all(
      requests.map(async (request) => {
        try {
          const patience = createPatience(db, model.name, options.patienceSeconds);
          const failure = await attempt(request, patience);
          if (failure) await findFault(request, failure, bench, patience);
        } catch (error) {
          // Vectors received before are paid for and worth storing.
          if ((options.stopping?.aborted || capped.signal.aborted) && !options.signal?.aborted && isAbort(error)) {
            outcome.complete = false;
            return;
          }
          failures.push(error);
          (error instanceof SpendCapReached ? capped : failed).abort();
        }
      }),
    );
  }

  /** Sends a request once. Returns a failure that its texts may have caused; divides it for a failure that they did cause. */
  async function attempt(request: DistinctText[], patience: Patience, tries = 1): Promise<Suspicion | undefined> {
    try {
      const answer = await askPatiently(request, patience);
      if (!answer) {
        await sendAll(pack(request));
        return undefined;
      }
      isAnyDone = true;
      request.forEach((text, i) => {
        text.vector = answer.vectors[i] as Float32Array;
      });
      answered += request.length;
      options.onAnswer?.(answered);
      findings.succeeded.add(request);
    } catch (error) {
      if (mayBeOfTexts(error)) {
        noFurther.throwIfAborted();
        return error;
      }
      if (!(error instanceof InputRefused || error instanceof BadAnswer)) throw error;
      // A provider with problems may also corrupt good answers. An error caused by the row itself occurs every time.
      if (request.length === 1 && error instanceof BadAnswer && tries < TRIES_AFTER_BAD_ANSWER)
        return attempt(request, patience, tries + 1);
      if (request.length === 1) await park(request[0] as DistinctText, error);
      else if (error instanceof RequestTooLarge) await sendAll(splitToSize(request, error));
      else await sendAll(divide(request, error instanceof BadAnswer ? error.positions : []));
      return undefined;
    }
    if (request.length >= TEXTS_WORTH_A_TRIAL && !noFurther.aborted) await provider.settleEncoding(noFurther);
    return undefined;
  }

  /** Divides a request that was too large, which says nothing about the texts. The size that passes is remembered for later requests. */
  function splitToSize(request: DistinctText[], { bound }: RequestTooLarge): DistinctText[][] {
    findings.limits.lower(bound, sizeOf(request));
    const parts = pack(request);
    return parts.length > 1 && mayHalve(request.length, Math.max(...request.map(({ sent }) => sent))) ? parts : eighths(request);
  }

  async function park(text: DistinctText, error: ReembedError): Promise<void> {
    if (error instanceof RequestTooLarge) findings.limits.forget(error.bound);
    // Before the first row is blamed, the provider has to show that it accepts any text at all.
    if (!isAnyDone) {
      proof ??= sendProbe(provider);
      await proof;
      isAnyDone = true;
    }
    text.refusal = { code: error.code, message: messageOf(error), words: error.words };
    if (text.hasFailed) return;
    refusedAtFirst += 1;
    if (triedAtFirst >= TEXTS_THAT_TELL && refusedAtFirst > triedAtFirst / 2) {
      throw new ProviderUnusable(model.name, refusedAtFirst, triedAtFirst, error);
    }
  }

  /** Records a text that fails while the provider embeds others of its size. */
  function blame(text: DistinctText, failure: Suspicion): void {
    const message = `${messageOf(failure)}; it embeds other texts of this size`;
    text.refusal = { code: classOf(failure), message, words: failure.words, isProven: true };
  }

  async function askPatiently(request: DistinctText[], patience: Patience): Promise<Embedded | undefined> {
    for (;;) {
      try {
        return await sendInTurn(request, patience.giveUpAt, sending);
      } catch (error) {
        if (!(error instanceof ProviderOverloaded)) throw error;
        noFurther.throwIfAborted();
        await patience.wait(error);
      }
    }
  }
}

function anyOf(signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
