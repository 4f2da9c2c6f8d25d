import pg from 'pg';
import type { Config } from '../config.ts';
import { type Database, inTransaction } from '../database/connection.ts';
import { isConnectionFailure } from '../database/database-error.ts';
import { readTargets, type Target } from './registered-targets.ts';

/** ok: nothing to do; warn: risky or slow; error: something will not work. */
export type Level = 'ok' | 'warn' | 'error';

/** The result of one check, with its remedy. */
export interface Finding {
  name: string;
  level: Level;
  finding: string;
  remedy: string | null;
}

export type Verdict = Omit<Finding, 'name'>;

/** The input of a check. */
export interface Situation {
  /** connection in a read-only transaction that waits for no lock */
  db: pg.PoolClient;
  config: Config;
  /** connection string of the examined database */
  url: string;
  embedded: boolean;
  /** the present role as an SQL identifier */
  role: string;
  /** whether the tables of schema reembed exist */
  installed: boolean;
  /** @throws when the role may not read schema reembed */
  targets(): Promise<Target[]>;
}

/** One check of the doctor. */
export interface Check {
  name: string;
  /** true: not applicable to the embedded database, which has one session, one role and no replicas */
  needsServer?: boolean;
  /** true: only runs if the tables of schema reembed exist */
  needsSchema?: boolean;
  /** returns several verdicts if several things can be wrong; an empty array if there is nothing to check */
  run(situation: Situation): Promise<Verdict | Verdict[]>;
}

/** Verdict: nothing to do. */
export function ok(finding: string): Verdict {
  return { level: 'ok', finding, remedy: null };
}

/** Verdict: risky or slow. */
export function warn(finding: string, remedy: string): Verdict {
  return { level: 'warn', finding, remedy };
}

/** Verdict: something will not work. */
export function error(finding: string, remedy: string): Verdict {
  return { level: 'error', finding, remedy };
}

/** Runs a check in its own transaction, in which the server rejects every write. */
export async function runCheck(check: Check, database: Database, situation: Omit<Situation, 'db' | 'targets'>): Promise<Finding[]> {
  try {
    const verdicts = await inTransaction(database.pool, async (client) => {
      await client.query('SET TRANSACTION READ ONLY');
      // On the same connection, because the embedded database admits no other session while a transaction is open.
      return check.run({ ...situation, db: client, targets: () => readTargets(client) });
    });
    return [verdicts].flat().map((verdict) => ({ name: check.name, ...verdict }));
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError) || isConnectionFailure(thrown)) throw thrown;
    return [{ name: check.name, ...couldNotLook(thrown, situation.role) }];
  }
}

function couldNotLook({ code, message }: pg.DatabaseError, role: string): Verdict {
  const remedy = {
    '42501': `run the doctor as the owner of schema reembed, or give role ${role} the right`,
    '55P03': 'another session holds a lock; run the doctor again',
  }[code ?? ''];
  return warn(`could not check: ${message}`, remedy ?? 'if npm run migrate up does not fix it, please report it');
}
