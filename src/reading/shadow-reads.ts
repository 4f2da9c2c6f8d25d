import { type Answer, ask, type QueryVectors, type RunSearch, unlessAborted } from './ask.ts';
import { isPool, type Queryable } from './database.ts';
import type { Reading, Side } from './reading.ts';

/** Outcomes of the shadow reads of a process. */
export interface ShadowCounts {
  /** recorded, with an overlap or with the error of the other model */
  recorded: number;
  /** could not be recorded */
  lost: number;
  /** skipped because there were too many per second or under way, or the pool had no connection to spare */
  skipped: number;
}

/** A search that was answered and may be repeated against the other model. */
export interface AnsweredSearch<T> {
  reading: Reading;
  /** the side that answered */
  served: Side;
  isCanary: boolean;
  text: string;
  keyHash: number | undefined;
  vectors: QueryVectors;
  answer: Answer<T>;
  run: RunSearch<T>;
  /** ids of the results, nearest first */
  ids: (result: T) => readonly unknown[];
}

/** Repeats searches against the other model after the answer was returned. */
export interface ShadowReads {
  /** starts a shadow read, or skips it; returns immediately and never throws */
  follow<T>(search: AnsweredSearch<T>): void;
  /**
   * Records that the new model failed for a canary reader, who then got the live view's answer. Only the share of failures
   * that a shadow read would have followed is recorded; otherwise the failure rate would be too high. Never throws.
   */
  recordFailure(search: Pick<AnsweredSearch<unknown>, 'reading' | 'text' | 'keyHash'>, error: unknown): void;
  readonly counts: ShadowCounts;
  /** resolves when no shadow read is under way */
  settled(): Promise<void>;
}

interface Outcome {
  k: number | null;
  overlap: number | null;
  shadowMs: number | null;
  shadowEmbeddingMs: number | null;
  error: string | null;
}

const MOST_UNDER_WAY = 4;

/** @param db where shadow reads are recorded; none are made without a pool */
export function createShadowReads(db: Queryable): ShadowReads {
  const counts = { recorded: 0, lost: 0, skipped: 0 };
  const underWay = new Set<Promise<void>>();
  let searching = 0;
  let second = 0;
  let thisSecond = 0;

  const keep = (work: Promise<void>) => {
    const kept = work
      .then(
        () => void counts.recorded++,
        () => void counts.lost++,
      )
      .finally(() => underWay.delete(kept));
    underWay.add(kept);
  };

  return {
    counts,
    follow(search) {
      const { reading, served } = search;
      const other = served === reading.live ? reading.other : reading.live;
      if (!other || !isDrawn(reading)) return;
      searching += 1;
      // Starts after the caller has received the answer.
      keep(new Promise<void>((resolve) => setImmediate(resolve)).then(() => shadowRead(search, other)));
    },
    recordFailure({ reading, text, keyHash }, error) {
      // The live model may have changed in between.
      if (reading.other?.model.role !== 'new' || !isDrawn(reading)) return;
      const failed = { k: null, overlap: null, shadowMs: null, shadowEmbeddingMs: null, error: codeOf(error) };
      keep(record({ reading, served: reading.live, isCanary: true, text, keyHash }, reading.other, failed));
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };

  function isDrawn(reading: Reading): boolean {
    if (!(Math.random() * 100 < reading.shadow.percent)) return false;
    const allowed = isAllowed(reading);
    if (!allowed) counts.skipped += 1;
    return allowed;
  }

  /** A single connection belongs to the application's next statement, and so does the last free one of a pool. */
  function isAllowed({ shadow }: Reading): boolean {
    if (!isPool(db) || db.waitingCount > 0 || searching >= MOST_UNDER_WAY) return false;
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      thisSecond = 0;
    }
    thisSecond += 1;
    return thisSecond <= shadow.perSecond;
  }

  async function shadowRead<T>(search: AnsweredSearch<T>, other: Side): Promise<void> {
    const signal = AbortSignal.timeout(Math.max(1, Math.round(search.reading.shadow.timeoutMs)));
    const outcome = await compare(search, other, signal).catch((error: unknown) => ({
      k: null,
      overlap: null,
      shadowMs: null,
      shadowEmbeddingMs: null,
      error: codeOf(signal.aborted ? signal.reason : error),
    }));
    await record(search, other, outcome, search.answer);
  }

  async function compare<T>(search: AnsweredSearch<T>, other: Side, signal: AbortSignal): Promise<Outcome> {
    // An abandoned search keeps its connection until the server answers.
    const asking = ask(other, search.vectors, search.run, signal).finally(() => {
      searching -= 1;
    });
    const { result, searchMs, embeddingMs } = await unlessAborted(asking, signal);
    const [served, shadow] = [search.answer.result, result].map((found) => new Set(search.ids(found).map(String)));
    const k = Math.max(served?.size ?? 0, shadow?.size ?? 0);
    const common = [...(served ?? [])].filter((id) => shadow?.has(id)).length;
    return { k, overlap: k === 0 ? 1 : common / k, shadowMs: searchMs, shadowEmbeddingMs: embeddingMs, error: null };
  }

  async function record(
    search: Pick<AnsweredSearch<unknown>, 'reading' | 'served' | 'isCanary' | 'text' | 'keyHash'>,
    other: Side,
    outcome: Outcome,
    answer?: Answer<unknown>,
  ): Promise<void> {
    await db.query('SELECT reembed.record_shadow_read($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)', [
      ...[search.reading.target, search.served.model.name, other.model.name, search.isCanary, outcome.k, outcome.overlap],
      ...[answer?.searchMs ?? null, outcome.shadowMs, answer?.embeddingMs ?? null, outcome.shadowEmbeddingMs],
      ...[search.keyHash ?? null, search.reading.shadow.keepsText ? search.text : null, outcome.error],
    ]);
  }
}

/** A code that identifies an error without its message, which may quote a query. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  return String(code ?? name ?? 'error');
}
