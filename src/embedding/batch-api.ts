import { ReembedError } from '../errors.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { hideQuotedSecrets } from '../secrets.ts';
import { createClient } from './provider.ts';
import { classifyProviderError, InputRefused, ProviderUnavailable, wordOf } from './provider-error.ts';

/** State of a batch as reported by the provider. */
export interface BatchStatus {
  id: string;
  inputFileId: string;
  /** labels (metadata) given when the batch was created */
  labels: Record<string, string>;
  /** validating, in_progress, finalizing, completed, failed, expired, cancelling, cancelled, or an unknown state */
  state: string;
  /** true when the state is final */
  isOver: boolean;
  /** number of requests that were answered or refused */
  requestsDone: number;
  outputFileId: string | undefined;
  errorFileId: string | undefined;
  /** why the batch as a whole failed: a code, and the provider's message, which may quote a text */
  failure: { code: string; words: string } | undefined;
}

/**
 * The batch API of an OpenAI-compatible address: files of requests that are answered within a day at a lower price.
 *
 * Every call throws ProviderUnavailable for transient errors and ProviderRefused when the credentials are not accepted.
 */
export interface BatchApi {
  /** @throws BatchApiMissing when the provider does not offer it */
  requireOffered(signal?: AbortSignal): Promise<void>;
  /** Uploads requests, one per line; returns the id of the file. @throws BatchApiMissing, BatchApiRefused */
  upload(name: string, lines: Buffer[], signal?: AbortSignal): Promise<string>;
  /** @throws BatchApiMissing, BatchApiRefused */
  create(inputFileId: string, labels: Record<string, string>, signal?: AbortSignal): Promise<BatchStatus>;
  /** The newest few thousand batches of the account. */
  list(signal?: AbortSignal): AsyncGenerator<BatchStatus>;
  /** A batch; undefined when the provider does not know it. */
  retrieve(id: string, signal?: AbortSignal): Promise<BatchStatus | undefined>;
  /** Requests cancellation of a batch; does nothing when it is finished or unknown. */
  cancel(id: string, signal?: AbortSignal): Promise<void>;
  /** Streams the lines of a file; none when the provider does not know the file. */
  readLines(fileId: string, signal?: AbortSignal): AsyncGenerator<string>;
  /** Removes a file; does nothing when it is unknown. */
  removeFile(fileId: string, signal?: AbortSignal): Promise<void>;
  /** Removes our uploaded files whose names start with the prefix. */
  removeUploads(prefix: string, signal?: AbortSignal): Promise<void>;
}

/** The provider has no batch API, or does not allow it for this key. Ordinary requests are not affected. */
export class BatchApiMissing extends ReembedError {
  constructor(provider: string, reason: string) {
    super(
      'batch_api_missing',
      `${provider} offers no batch API (${reason})`,
      'leave out --batch-api: npm run worker embeds by ordinary requests; nothing was sent',
    );
  }
}

/** The provider refuses our batch and would refuse further ones as well. */
export class BatchApiRefused extends ReembedError {
  constructor(provider: string, message: string, words?: string) {
    super(
      'batch_api_refused',
      `${provider} refused a batch: ${message}`,
      'fix the cause, or leave out --batch-api: npm run worker embeds by ordinary requests; nothing is lost',
      { words },
    );
  }
}

const ENDPOINT = '/v1/embeddings';
// 404 and 405 from servers that do not know the path, 501 from servers that declare it as not implemented, 403 for a
// key without the permission.
const NOT_OFFERED = new Set([403, 404, 405, 501]);
// 409 for a batch that is finished and can no longer be cancelled.
const NOTHING_TO_DO = new Set([400, 404, 409, 410]);
const OVER = new Set(['completed', 'failed', 'expired', 'cancelled']);
const MOST_LISTED = 5000;
// For a file of our maximum size over a line of a few megabits per second.
const UPLOAD_SECONDS = 600;

/**
 * @param options.timeoutSeconds timeout in seconds, for an answer and for each further chunk of it
 * @throws MissingApiKey
 */
export function createBatchApi(access: ProviderAccess, options: { timeoutSeconds: number }): BatchApi {
  const provider = `the provider at ${access.baseUrl && URL.canParse(access.baseUrl) ? new URL(access.baseUrl).host : 'api.openai.com'}`;
  const { api, secrets } = createClient(access, 'the batch API', options);

  return {
    async requireOffered(signal) {
      const body = await attempt(
        () => api.get<{ data?: unknown }>('/batches', { query: { limit: 1 }, ...within(signal) }),
        missingOr(sorted),
      );
      // Some servers answer any path with a page of their own.
      if (!Array.isArray(body?.data)) throw new BatchApiMissing(provider, 'its answer is not a list of batches');
    },
    async upload(name, lines, signal) {
      const file = new File(lines as Buffer<ArrayBuffer>[], name, { type: 'application/jsonl' });
      const options = { timeout: UPLOAD_SECONDS * 1000, ...within(signal) };
      return (await attempt(() => api.files.create({ file, purpose: 'batch' }, options), missingOr(refused))).id;
    },
    async create(inputFileId, labels, signal) {
      const request = { input_file_id: inputFileId, endpoint: ENDPOINT, completion_window: '24h', metadata: labels } as const;
      return statusOf(await attempt(() => api.batches.create(request, within(signal)), missingOr(refused)));
    },
    async *list(signal) {
      const pages = api.batches.list({ limit: 100 }, within(signal))[Symbol.asyncIterator]();
      for (let seen = 0; seen < MOST_LISTED; seen++) {
        const next = await attempt(() => pages.next(), sorted);
        if (next.done) return;
        yield statusOf(next.value);
      }
    },
    async retrieve(id, signal) {
      const batch = await known(() => api.batches.retrieve(id, within(signal)));
      return batch && statusOf(batch);
    },
    async cancel(id, signal) {
      await known(() => api.batches.cancel(id, within(signal)));
    },
    async *readLines(fileId, signal) {
      const response = await known(() => api.files.content(fileId, within(signal)));
      if (!response?.body) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      try {
        let line = '';
        for (;;) {
          const { done, value } = await attempt(() => soon(reader.read()), sorted);
          if (done) break;
          const [rest, ...others] = value.split('\n');
          line += rest;
          for (const next of others) {
            if (line) yield line;
            line = next;
          }
        }
        if (line) yield line;
      } finally {
        await reader.cancel().catch(() => {});
      }
    },
    async removeFile(fileId, signal) {
      await known(() => api.files.delete(fileId, within(signal)));
    },
    async removeUploads(prefix, signal) {
      await attempt(async () => {
        let seen = 0;
        for await (const file of api.files.list({ purpose: 'batch', limit: 100 }, within(signal))) {
          if (file.filename?.startsWith(prefix)) await api.files.delete(file.id, within(signal));
          seen += 1;
          if (seen >= MOST_LISTED) break;
        }
      }, sorted);
    },
  };

  async function attempt<T>(work: () => Promise<T>, translate: (error: unknown) => Error): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw translate(error);
    }
  }

  /** The answer, or undefined when the provider reports that the object does not exist. */
  async function known<T>(work: () => Promise<T>): Promise<T | undefined> {
    return attempt(work, (error) => error as Error).catch((error: unknown) => {
      if (NOTHING_TO_DO.has(statusCode(error))) return undefined;
      throw sorted(error);
    });
  }

  function sorted(error: unknown): Error {
    return classifyProviderError(error, { model: 'the batch API', access }, secrets, []);
  }

  function refused(error: unknown): Error {
    const failure = sorted(error);
    return failure instanceof InputRefused
      ? new BatchApiRefused(
          provider,
          [statusCode(error), wordOf((error as { code?: unknown }).code)].filter(Boolean).join(' '),
          wordsOf(error),
        )
      : failure;
  }

  function missingOr(otherwise: (error: unknown) => Error): (error: unknown) => Error {
    return (error) => (NOT_OFFERED.has(statusCode(error)) ? new BatchApiMissing(provider, String(statusCode(error))) : otherwise(error));
  }

  /** The message of an error or failure, without secrets. */
  function wordsOf(error: unknown): string {
    const { message } = error as { message?: unknown };
    return hideQuotedSecrets(String(message ?? ''), secrets)
      .replace(/\s+/g, ' ')
      .slice(0, 200);
  }

  function statusOf(batch: Awaited<ReturnType<typeof api.batches.retrieve>>): BatchStatus {
    const [failure] = batch.errors?.data ?? [];
    return {
      id: batch.id,
      inputFileId: batch.input_file_id,
      labels: batch.metadata ?? {},
      state: batch.status,
      isOver: OVER.has(batch.status),
      requestsDone: (batch.request_counts?.completed ?? 0) + (batch.request_counts?.failed ?? 0),
      outputFileId: batch.output_file_id ?? undefined,
      errorFileId: batch.error_file_id ?? undefined,
      failure: failure && { code: wordOf(failure.code) || 'unknown', words: wordsOf(failure) },
    };
  }

  async function soon<T>(reading: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const unavailable = () => new ProviderUnavailable('the batch API', `an answer brought no data for ${options.timeoutSeconds} s`);
      timer = setTimeout(() => reject(unavailable()), options.timeoutSeconds * 1000);
    });
    return Promise.race([reading, late]).finally(() => clearTimeout(timer));
  }
}

function within(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function statusCode(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : 0;
}
