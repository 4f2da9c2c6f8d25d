import { inspect } from 'node:util';
import { visible, visibleLines } from './print-text.ts';
import { hideSecrets } from './secrets.ts';

/** Exit codes of every command, so that scripts can distinguish the outcomes. */
export const EXIT = { done: 0, failed: 1, usage: 2, waiting: 3, validationFailed: 4, unsure: 5, bug: 70 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Base class of every failure that is not our bug: shown as one line with its remedy, never with a stack trace. */
export class ReembedError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: ExitCode = EXIT.failed;
  /** message of another program, which may quote the text of a row: never printed, logged or stored where others can read it */
  readonly words: string | undefined;

  /**
   * @param code stable identifier for scripts, in snake_case
   * @param message one sentence: what is wrong
   * @param remedy one sentence or command: how to fix it
   */
  constructor(code: string, message: string, remedy: string, options?: ErrorOptions & { words?: string | undefined }) {
    super(visibleLines(hideSecrets(message)), options);
    this.name = new.target.name;
    this.code = code;
    this.remedy = visibleLines(remedy);
    this.words = options?.words;
  }
}

/** An argument or option that cannot be used. */
export class UsageError extends ReembedError {
  override readonly exitCode = EXIT.usage;

  constructor(message: string, remedy: string) {
    super('usage', message, remedy);
  }
}

/** A closed gate: nothing is wrong, but something else has to happen first. */
export class GateClosed extends ReembedError {
  override readonly exitCode = EXIT.waiting;

  constructor(message: string, remedy: string) {
    super('gate_closed', message, remedy);
  }
}

/**
 * The message of any thrown value on one line, without stack trace and secrets. pg-boss reports errors as plain
 * objects, and some Node errors have no message.
 */
export function messageOf(error: unknown): string {
  return visible(hideSecrets(textOf(error).replace(/\s+/g, ' ')));
}

function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, code, errors } = error as { message?: unknown; code?: unknown; errors?: unknown[] };
  if (message) return String(message);
  if (errors?.[0]) return textOf(errors[0]);
  if (code) return String(code);
  return error instanceof Error ? error.name : inspect(error, { breakLength: Number.POSITIVE_INFINITY });
}
