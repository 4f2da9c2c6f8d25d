/** A batch as stored by the server. */
export interface ServedBatch {
  id: string;
  status: string;
  input_file_id: string;
  output_file_id: string | null;
  error_file_id: string | null;
  metadata: Record<string, string>;
  created_at: number;
  request_counts: { total: number; completed: number; failed: number };
  errors: { object: 'list'; data: { code: string; message: string; line: number | null; param: string | null }[] } | null;
}

/** A request of a batch, as parsed by the server from the file. */
export interface ServedLine {
  custom_id: string;
  method: string;
  url: string;
  body: { model: string; input: string[]; dimensions?: number; encoding_format?: string };
}

/** The answer to a request; undefined when the batch expired or was cancelled before it was processed. */
export type LineAnswer = { status: number; body: unknown } | undefined;

/** Answers a request of a batch, as the server would answer it as an ordinary request. */
export type EmbedLine = (body: ServedLine['body']) => { status: number; body: unknown };

/**
 * The batch API of a provider as documented by OpenAI: files, batches with their states, output and error files,
 * expiry. A batch advances by one state each time it is retrieved, unless a script says otherwise.
 */
export interface BatchApiServer {
  /** whether the server has a batch API at all */
  isOffered: boolean;
  files: Map<string, { name: string; content: string }>;
  batches: Map<string, ServedBatch>;
  /** texts that were embedded through the batch API, in order */
  embedded: string[];
  /** calls, such as `POST /batches`, in order of arrival */
  calls: string[];
  /** maximum number of tokens in all open batches together, with four characters per token */
  mostTokens: number;
  /** next state of a batch when it is retrieved; undefined for the default next state */
  script: (batch: ServedBatch) => string | undefined;
  /** outcome of a request, if it is not a good answer; `expired` leaves it unprocessed */
  scriptLine: (line: ServedLine, position: number) => LineAnswer | 'expired' | 'good';
  /** a call that is refused */
  refuse: { call: string; status: number; message: string } | undefined;
  /** runs before and after a call is executed; returning `cut` closes the connection without an answer */
  intercept: (call: string, when: 'before' | 'after') => Promise<'cut' | undefined> | 'cut' | undefined;
  /** while true, every open batch keeps its state */
  isHeld: boolean;
}

/** A server that offers the batch API once a test enables it. */
export function createBatchApiServer(): BatchApiServer {
  return {
    isOffered: false,
    files: new Map(),
    batches: new Map(),
    embedded: [],
    calls: [],
    mostTokens: Number.POSITIVE_INFINITY,
    script: () => undefined,
    scriptLine: () => 'good',
    refuse: undefined,
    intercept: () => undefined,
    isHeld: false,
  };
}

/** Resets the server and lets it complete every batch immediately. */
export function offerBatchApi(server: BatchApiServer): void {
  Object.assign(server, createBatchApiServer(), { isOffered: true, script: () => 'completed' } satisfies Partial<BatchApiServer>);
}
