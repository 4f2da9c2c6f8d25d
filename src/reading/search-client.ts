import type { Config } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';
import { ask, createQueryVectors, type QueryVectors, type RunSearch } from './ask.ts';
import { type EmbedQuery, embedWithEnvironment } from './embed-queries.ts';
import { fuseRankings } from './fuse-rankings.ts';
import { type Listener, listen } from './listener.ts';
import { isPool } from './pool.ts';
import { isInCanary, keyHashOf, type Reading } from './reading.ts';
import { createReadingCache } from './reading-cache.ts';
import { createShadowReads, type ShadowCounts } from './shadow-reads.ts';

/** How a client is made. */
export interface SearchClientOptions {
  /** table or table.column, where the toolkit looks after several */
  target?: string;
  /** embeds queries; by default with the provider that the environment names (OPENAI_API_KEY, OPENAI_BASE_URL, ...) */
  embed?: EmbedQuery;
  /** the environment, already read */
  config?: Config;
  /** after how many seconds the settings are asked for again; 5 when left out */
  refreshSeconds?: number;
  /** hear of changed settings at once, on a connection beside the pool; does nothing through a pooler in transaction mode */
  listen?: boolean;
}

/** What a search may say about itself. */
export interface SearchOptions<T> {
  /** who searches: with `canary_percent` some keys read the new model, always the same ones. The search must use `view` */
  key?: string;
  /** what makes results the same, nearest first: without it there is no shadow read. The search must use `view` and only read */
  ids?: (result: T) => readonly unknown[];
}

/** Searches that a switch of the model does not disturb. */
export interface SearchClient {
  /**
   * Embeds a text with the model that is read now and runs a search with it; does both again when the model was switched in
   * between. A reader of the canary whom the new model fails gets the answer of the live view.
   *
   * @param text what is searched for
   * @param run the search, in any SQL on the view it is given; it may be run more than once
   * @returns what `run` returned
   * @throws ModelKeepsChanging, and whatever `run` or the provider throws
   */
  search<T>(text: string, run: RunSearch<T>, options?: SearchOptions<T>): Promise<T>;
  /**
   * Searches with both models of a running campaign and fuses their results by reciprocal ranks; with the only one there is
   * otherwise, or when the other fails.
   *
   * @param idOf what makes two results the same
   * @throws as search() does, for the model that is read
   */
  searchFused<T>(text: string, run: RunSearch<readonly T[]>, idOf: (item: T) => unknown): Promise<T[]>;
  /** what became of the shadow reads so far */
  readonly shadowReads: Readonly<ShadowCounts>;
  /** stops listening and waits for the shadow reads under way; searches are still possible */
  close(): Promise<void>;
}

/** The model was switched again and again while one search was under way. */
export class ModelKeepsChanging extends ReembedError {
  constructor(target: string, tries: number) {
    super('model_keeps_changing', `the model of ${target} was switched ${tries} times during one search`, 'search again');
  }
}

const WRONG_MODEL = 'RE002';
// The type of the view's column, or the view itself, was replaced between two statements; the next one sees the new one. Told by the
// place in the server, because its messages are in the language of lc_messages.
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
 * A client for the application's searches.
 *
 * @param db pool or client of the application; its role needs no more than the right to read the live view. Shadow reads are
 *   made with a pool only: a single connection belongs to the application's next statement
 */
export function createSearchClient(db: Queryable, options: SearchClientOptions = {}): SearchClient {
  const embed = options.embed ?? embedWithEnvironment(options.config);
  const cache = createReadingCache(db, options.target, 1000 * (options.refreshSeconds ?? REFRESH_SECONDS));
  const shadowReads = createShadowReads(db);
  const listener: Listener | undefined = options.listen && isPool(db) ? listen(db, cache.forget) : undefined;

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
          // What the live view fails at as well is the fault of the search.
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
        // Within a transaction of the caller nothing can be tried again; what aborted it is the reason.
        throw failure !== undefined && (error as { code?: string }).code === TRANSACTION_ABORTED ? failure : error;
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
      // One after the other, in case it is a single connection; the vectors, which take longer, at once.
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
    async close() {
      await Promise.all([listener?.close(), shadowReads.settled()]);
    },
  };
}

/** What the model that is not read may take to embed a query: nobody waits longer for it than for a shadow read. */
function patience({ shadow }: Reading): AbortSignal {
  return AbortSignal.timeout(Math.max(1, Math.round(shadow.timeoutMs)));
}

function isSwitched(error: unknown): boolean {
  return (error as { code?: string }).code === WRONG_MODEL;
}

function isViewReplaced(error: unknown): boolean {
  const { code, routine } = error as { code?: string; routine?: string };
  return VIEW_REPLACED.has(`${code} ${routine}`);
}
