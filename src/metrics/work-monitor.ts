/** Whose work is counted: the labels of a metric. */
export interface WorkOf {
  target: string;
  model: string;
}

/** How a request to a provider ended. `seconds` is the time until its vectors arrived. */
export type RequestOutcome = { kind: 'answered'; seconds: number } | { kind: 'overloaded' } | { kind: 'failed' };

/** What a worker reports of its work as it happens. No method throws or waits, because none may delay or fail a job. */
export interface WorkMonitor {
  /** @param isRepeated whether it contains a text that had been sent before */
  requested(of: WorkOf, outcome: RequestOutcome, isRepeated: boolean): void;
  /** @param usdPerMillionTokens null where no price is known */
  counted(of: WorkOf, tokens: number, usdPerMillionTokens: number | null): void;
  embedded(of: WorkOf, rows: { embedded: number; refused: number }): void;
  stored(of: WorkOf, rows: number, seconds: number): void;
  /** @param share returns the share of time that may be spent on writing now */
  throttles(target: string, share: () => number): void;
  /** the worker has looked for work and serves the queues of what it found */
  lookedForWork(): void;
  /** the queue failed, such as when its tables cannot be read */
  queueFailed(): void;
}
