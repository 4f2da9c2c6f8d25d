import { GateClosed, messageOf, ReembedError, UsageError } from '../errors.ts';
import { visible } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';
import { counted } from '../wording.ts';
import { placeOf } from './address.ts';

/** The environment variables that hold a connection string. */
export type UrlVariable = 'DATABASE_URL' | 'DATABASE_DIRECT_URL';

/** Thrown when the connection string cannot be parsed. The message does not show it, because it may hold a password. */
export class InvalidDatabaseUrl extends UsageError {
  constructor(variable: UrlVariable) {
    super(
      `${variable} is not a connection string`,
      'write it as postgres://user:password@host:5432/database; percent-encode special characters of the password',
    );
  }
}

/** Thrown when only DATABASE_DIRECT_URL is set: workers would use the embedded database while the migrations run on a server. */
export class DirectUrlAlone extends UsageError {
  constructor() {
    super('DATABASE_DIRECT_URL is set, but DATABASE_URL is not', 'set both to the same database, or only DATABASE_URL');
  }
}

/** Thrown when no server answers at the address. */
export class DatabaseUnreachable extends ReembedError {
  constructor(where: string, variable: UrlVariable, cause: unknown) {
    super(
      'database_unreachable',
      `no database answers at ${where} (${messageOf(cause)})`,
      variable === 'DATABASE_URL'
        ? 'check DATABASE_URL and that the server runs; unset it to use the embedded database'
        : `check ${variable} and that the server runs`,
      {
        cause,
      },
    );
  }
}

/** Thrown when the server refuses the role or the password. */
export class LoginRefused extends ReembedError {
  constructor(where: string, variable: UrlVariable, cause: unknown) {
    super('login_refused', `${where} refused the login: ${messageOf(cause)}`, `check user and password in ${variable}`, { cause });
  }
}

/** Thrown when the database named in the connection string does not exist. */
export class NoSuchDatabase extends ReembedError {
  constructor(where: string, variable: UrlVariable, cause: unknown) {
    super('no_such_database', `${messageOf(cause)} at ${where}`, `create it, or correct the name in ${variable}`, { cause });
  }
}

/** Thrown when a lock was not granted within lock_timeout in any attempt. */
export class LockNotAvailable extends ReembedError {
  constructor(attempts: number, cause: unknown) {
    super(
      'lock_not_available',
      `another session holds a lock on the table; gave up after ${counted(attempts, 'attempt')}`,
      'nothing was changed; find the session with npm run doctor, then run the command again',
      { cause },
    );
  }
}

/** Thrown when the role lacks a privilege. */
export class MissingRight extends ReembedError {
  constructor(cause: unknown) {
    super(
      'missing_right',
      messageOf(cause),
      'run the command as the owner of the table, or grant the right; npm run doctor lists the rights needed',
      {
        cause,
      },
    );
  }
}

/** Thrown when an object of the user depends on one that would be dropped. Nothing is ever dropped with CASCADE. */
export class StillNeeded extends ReembedError {
  constructor(cause: Error & { detail?: string }) {
    super(
      'still_needed',
      `${cause.message}: ${cause.detail ?? ''}`,
      'drop or change the dependent object, then run the command again; nothing was changed',
      { cause },
    );
  }
}

/** Thrown when the server cannot execute a statement: out of space or connections, read-only, or the statement was cancelled. */
export class ServerRefused extends ReembedError {
  constructor(cause: unknown) {
    super(
      'server_refused',
      `the database server refused the statement: ${messageOf(cause)}`,
      'unfinished work was rolled back: fix the cause, then run the command again',
      { cause },
    );
  }
}

/** Thrown for an error that the toolkit's own SQL raised, with its own message and hint. */
export class RefusedBySql extends ReembedError {
  constructor(code: string, message: string, remedy: string, cause: unknown) {
    super(code, message, remedy, { cause });
  }
}

/** Thrown when schema reembed does not exist. */
export class NotInstalled extends ReembedError {
  constructor(cause?: unknown) {
    super('not_installed', 'schema reembed is not in this database', 'npm run migrate up', { cause });
  }
}

/** Code of each SQLSTATE that the SQL of the toolkit raises. */
export const OWN_SQLSTATES: Record<string, string> = {
  RE001: 'gate_closed',
  RE002: 'wrong_model',
  RE003: 'unknown_target',
  RE004: 'invalid_setting',
  RE005: 'name_taken',
  RE006: 'cannot_act_as_owner',
  RE007: 'read_only_view',
};

/**
 * Converts an error of the driver into a ReembedError if the user can act on it. Other errors are returned unchanged.
 *
 * @param url connection string; only host and port are shown
 * @param variable environment variable that holds the connection string
 */
export function translateDatabaseError(error: unknown, url = '', variable: UrlVariable = 'DATABASE_URL'): unknown {
  if (error instanceof ReembedError || !(error instanceof Error)) return error;
  const { code = '', hint = '' } = error as { code?: string; hint?: string };
  const where = placeOf(url);
  if (code === 'RE001') return new GateClosed(error.message, hint);
  if (code in OWN_SQLSTATES) return new RefusedBySql(OWN_SQLSTATES[code] ?? code, error.message, hint, error);
  if (code === '28P01' || code === '28000' || /\bSASL\b/.test(error.message)) return new LoginRefused(where, variable, error);
  if (code === '3D000') return new NoSuchDatabase(where, variable, error);
  if (code === '42501') return new MissingRight(error);
  if (code === '2BP01') return new StillNeeded(error);
  if (isConnectionFailure(error)) return new DatabaseUnreachable(where, variable, error);
  if (isLockFailure(error)) return new LockNotAvailable(1, error);
  // 25006: read-only. Class 53: insufficient resources. Class 57: operator intervention. Class 58: system error.
  if (code === '25006' || /^(53|57|58)/.test(code)) return new ServerRefused(error);
  if ((code === '3F000' || code === '42P01' || code === '42883') && /\breembed(_queue)?\b/.test(error.message))
    return new NotInstalled(error);
  return error;
}

// Messages of these classes name only objects and states. Messages of other classes, such as 22, 23 and P0, may quote values of a row, and
// an SQLSTATE defined by the user comes with the user's own text.
const QUOTES_NO_VALUE = /^(08|25|26|28|3D|3F|40|42|53|54|55|57|58|RE)/;

/**
 * Message of an error that a worker may log and store. If PostgreSQL's message may quote a row, only the SQLSTATE and the names of the
 * table and constraint are given.
 */
export function plainMessageOf(error: unknown): string {
  const { code, table, constraint, severity } = (error ?? {}) as Record<string, unknown>;
  if (error instanceof ReembedError || typeof severity !== 'string' || typeof code !== 'string' || QUOTES_NO_VALUE.test(code))
    return messageOf(error);
  const names = [table && `table ${table}`, constraint && `constraint ${constraint}`].filter(Boolean).map((name) => `, ${name}`);
  return visible(hideSecrets(`PostgreSQL refused a row (SQLSTATE ${code}${names.join('')})`));
}

/** Full message of PostgreSQL or a provider about a failure. It may quote the text of a row. */
export function wordsOf(error: unknown): string | undefined {
  if (error instanceof ReembedError) return error.words;
  const { severity, message, detail, where } = (error ?? {}) as Record<string, unknown>;
  if (typeof severity !== 'string') return undefined;
  return hideSecrets([message, detail, where].filter((part) => typeof part === 'string').join('; '));
}

/** Whether the connection itself failed, so that the statement may be retried on a new one. */
export function isConnectionFailure(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENOENT|EPIPE)/.test(code) ||
    /^(08|57P0)/.test(code) ||
    /Connection terminated|connection error and is not queryable|timeout expired|timeout exceeded when trying to connect|Query read timeout|server does not support SSL|certificate/.test(
      message,
    )
  );
}

/** Whether a lock was not granted in time or a deadlock was detected, so that a retry is worthwhile. */
export function isLockFailure(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return code === '55P03' || code === '40P01';
}
