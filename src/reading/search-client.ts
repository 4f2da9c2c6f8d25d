import { ask, createQueryVectors, type QueryVectors, type RunSearch } from './ask.ts';
import { type BridgedQuery, type BridgedRow, createBridgeReader, reasonAgainst } from './bridge.ts';
import { createCache } from './cache.ts';
import { isPool, type Queryable } from './database.ts';
import type { EmbedQuery } from './embed-query.ts';
import { fuseRankings } from './fuse-rankings.ts';
import { type Listener, listen } from './listener.ts';
import { isInCanary, keyHashOf, loadReading, type Reading } from './reading.ts';
import { createShadowReads, type ShadowCounts } from './shadow-reads.ts';
import { createWantedKeys } from './wanted-keys.ts';

/** Options of createSearchClient(). */
export interface SearchClientOptions {
  /** table or table.column, needed if the toolkit has several targets */
  target?: string;
  /** embeds queries: a function of the application, or one made by createEmbedder() */
  embed: EmbedQuery;
  /** polling interval of the settings in seconds; 5 when left out */
  refreshSeconds?: number;
  /** receive changed settings immediately, on a connection next to the pool; has no effect through a pooler in transaction mode */
  listen?: boolean;
}

/** Options of a single search. */
export interface SearchOptions<T> {
  /** key of the reader: with `canary_percent` some keys read the new model, always the same ones. The search must use `view` */
  key?: string;
  /** ids of the results, nearest first; required for shadow reads. The search must use `view` and must only read */
  ids?: (result: T) => readonly unknown[];
}

/** Options of a single search over the bridge. */
export interface BridgedOptions<T> extends SearchOptions<T> {
  /** rows of the statement, as they came: keys of those without a new vector are noted for reportWanted() */
  rows?: (result: T) => readonly BridgedRow[];
}

/** The result of a search that was to use the bridge. */
export interface BridgedAnswer<T> {
  result: T;
  /** why the ordinary search answered; null: the bridge did */
  reason: string | null;
}

/** Searches that continue to work while the live model changes. */
export interface SearchClient {
  /**
   * Embeds a text with the live model and runs a search with it; repeats both if the live model changed in between. If
   * the new model fails for a canary reader, the answer comes from the live view.
   *
   * @param text what to search for
   * @param run the search, any SQL on the given view; may be run more than once
   * @returns what `run` returned
   * @throws ModelKeepsChanging, and any error of `run` or of the provider
   */
  search<T>(text: string, run: RunSearch<T>, options?: SearchOptions<T>): Promise<T>;
  /**
   * Searches with both models of a running campaign and merges the results by reciprocal rank fusion. Uses the live
   * model alone when there is no other, or when the other fails.
   *
   * @param idOf identity of a result
   * @throws as search() does, for the live model
   */
  searchFused<T>(text: string, run: RunSearch<readonly T[]>, idOf: (item: T) => unknown): Promise<T[]>;
  /**
   * Searches with the new model over the bridge while its backfill runs. Where the bridge may not serve, and after the switch, it does
   * what search() does.
   *
   * @param run the ordinary search, as in search()
   * @param runBridged the search over the bridge: runs the statement of its argument
   * @throws as search() does, and any error of `runBridged`
   */
  searchBridged<T>(
    text: string,
    run: RunSearch<T>,
    runBridged: (query: BridgedQuery) => Promise<T>,
    options?: BridgedOptions<T>,
  ): Promise<BridgedAnswer<T>>;
  /**
   * Reports the rows that searches over the bridge found and that have no new vector, so that workers embed them first.
   *
   * @param primary pool of the primary server; searches may run on replicas
   * @returns how many were reported
   */
  reportWanted(primary: Queryable): Promise<number>;
  /** outcomes of the shadow reads so far */
  readonly shadowReads: Readonly<ShadowCounts>;
  /** stops listening and waits for shadow reads under way; searches are still possible */
  close(): Promise<void>;
}

/** The live model changed repeatedly during one search. */
export class ModelKeepsChanging extends Error {
  override readonly name = 'ModelKeepsChanging';
  readonly code = 'model_keeps_changing';
  readonly remedy = 'search again';

  constructor(target: string, tries: number) {
    super(`the model of ${target} was switched ${tries} times during one search`);
  }
}

const WRONG_MODEL = 'RE002';
// The type of the view's column, or the view itself, was replaced between two statements; the next statement sees the
// new one. Identified by the place in the server's source, because its messages depend on lc_messages.
const VIEW_REPLACED = new Set([
  '0A000 RevalidateCachedQuery',
  '42P01 parserOpenTable',
  '42P01 RangeVarGetRelidExtended',
  'XX000 relation_open',
]);
const TRANSACTION_ABORTED = '25P02';
const TRIES = 5;
const REFRESH_SECONDS = 5;

/**
 * Creates a client for the application's searches.
 *
 * @param db pool or client of the application; its role only needs the right to read the live view. Shadow reads need a
 *   pool: a single connection belongs to the application's next statement
 */
export function createSearchClient(db: Queryable, options: SearchClientOptions): SearchClient {
  const { embed } = options;
  const maxAgeMs = 1000 * (options.refreshSeconds ?? REFRESH_SECONDS);
  const cache = createCache(() => loadReading(db, options.target), maxAgeMs);
  const bridges = createCache(createBridgeReader(db, options.target), maxAgeMs);
  const wanted = createWantedKeys();
  const shadowReads = createShadowReads(db);
  const forget = () => {
    cache.forget();
    bridges.forget();
  };
  const listener: Listener | undefined = options.listen && isPool(db) ? listen(db, forget) : undefined;

  async function search<T>(text: string, vectors: QueryVectors, run: RunSearch<T>, { key, ids }: SearchOptions<T>): Promise<T> {
    let triedNew: { error: unknown } | undefined;
    let failure: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        const reading = await cache.get();
        const keyHash = keyHashOf(reading, key);
        const isCanary: boolean = !triedNew && isInCanary(reading, keyHash);
        const served = isCanary && reading.other ? reading.other : reading.live;
        try {
          const answer = await ask(served, vectors, run, isCanary ? patience(reading) : undefined);
          // If the live view fails as well, the search itself is at fault.
          if (triedNew && !isViewReplaced(triedNew.error)) shadowReads.recordFailure({ reading, text, keyHash }, triedNew.error);
          if (ids && !triedNew) shadowReads.follow({ reading, served, isCanary, text, keyHash, vectors, answer, run, ids });
          return answer.result;
        } catch (error) {
          const isMoved = isSwitched(error) || isViewReplaced(error);
          if (isMoved) cache.forget();
          if (!isCanary && !isMoved) throw error;
          if (!isCanary && attempt >= TRIES) throw isSwitched(error) ? new ModelKeepsChanging(reading.target, TRIES) : error;
          if (isCanary) triedNew = { error };
          failure = error;
        }
      } catch (error) {
        // Inside a transaction of the caller a retry is not possible; the error that aborted it is the cause.
        throw failure !== undefined && isAborted(error) ? failure : error;
      }
    }
  }

  return {
    shadowReads: shadowReads.counts,
    search: (text, run, more = {}) => search(text, createQueryVectors(embed, text), run, more),
    async searchFused(text, run, idOf) {
      const vectors = createQueryVectors(embed, text);
      const reading = await cache.get();
      const { live, other } = reading;
      // The searches run one after another, in case there is a single connection. The embeddings, which take longer, run in parallel.
      const [, embedded] = await Promise.allSettled([vectors.of(live.model), other && vectors.of(other.model, patience(reading))]);
      const served = await search(text, vectors, run, {});
      const hasOther = other && embedded.status === 'fulfilled';
      const others = hasOther
        ? await ask(other, vectors, run).then(
            ({ result }) => result,
            () => [],
          )
        : [];
      return fuseRankings([served, others], idOf);
    },
    async searchBridged(text, run, runBridged, { rows, ...more } = {}) {
      const vectors = createQueryVectors(embed, text);
      const bridge = await bridges.get();
      let reason = reasonAgainst(bridge);
      let ended: unknown;
      if (bridge && reason === null) {
        try {
          const result = await runBridged(await bridge.queryOf(vectors));
          if (rows) wanted.note(bridge.target, rows(result));
          return { result, reason };
        } catch (error) {
          if (!isSwitched(error) && !isViewReplaced(error)) throw error;
          forget();
          reason = 'the bridge ended during the search';
          ended = error;
        }
      }
      try {
        return { result: await search(text, vectors, run, more), reason };
      } catch (error) {
        // As in search(): the error that aborted a transaction of the caller is the cause.
        throw ended !== undefined && isAborted(error) ? ended : error;
      }
    },
    reportWanted: (primary) => wanted.report(primary),
    async close() {
      await Promise.all([listener?.close(), shadowReads.settled()]);
    },
  };
}

/** Time limit of the other model for embedding a query: a search waits no longer for it than a shadow read does. */
function patience({ shadow }: Reading): AbortSignal {
  return AbortSignal.timeout(Math.max(1, Math.round(shadow.timeoutMs)));
}

function isSwitched(error: unknown): boolean {
  return (error as { code?: string }).code === WRONG_MODEL;
}

function isAborted(error: unknown): boolean {
  return (error as { code?: string }).code === TRANSACTION_ABORTED;
}

function isViewReplaced(error: unknown): boolean {
  const { code, routine } = error as { code?: string; routine?: string };
  return VIEW_REPLACED.has(`${code} ${routine}`);
}
