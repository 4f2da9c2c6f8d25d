import pg from 'pg';
import type { Config } from '../config.ts';
import { type Database, inTransaction } from '../database/connection.ts';
import { isConnectionFailure } from '../database/database-error.ts';
import { readTargets, type Target } from './registered-targets.ts';

/** ok: nothing to do; warn: risky or slow; error: something will not work. */
export type Level = 'ok' | 'warn' | 'error';

/** What one check found, and how to fix it. */
export interface Finding {
  name: string;
  level: Level;
  finding: string;
  remedy: string | null;
}

export type Verdict = Omit<Finding, 'name'>;

/** What checks examine. */
export interface Situation {
  /** a transaction that cannot write and waits for no lock */
  db: pg.PoolClient;
  config: Config;
  /** of the database that is examined */
  url: string;
  embedded: boolean;
  role: string;
  /** whether the tables of schema reembed are there */
  installed: boolean;
  /** @throws when the role may not read schema reembed */
  targets(): Promise<Target[]>;
}

/** One concern of the doctor. */
export interface Check {
  name: string;
  /** true: means nothing on the embedded database, which has one session, one role and no replicas */
  needsServer?: boolean;
  /** true: only when the tables of schema reembed are there */
  needsSchema?: boolean;
  /** several verdicts where several things can be wrong; none where there is nothing to check */
  run(situation: Situation): Promise<Verdict | Verdict[]>;
}

/** Nothing to do. */
export function ok(finding: string): Verdict {
  return { level: 'ok', finding, remedy: null };
}

/** Risky or slow. */
export function warn(finding: string, remedy: string): Verdict {
  return { level: 'warn', finding, remedy };
}

/** Something will not work. */
export function error(finding: string, remedy: string): Verdict {
  return { level: 'error', finding, remedy };
}

/** Runs a check in a transaction of its own, in which the server itself refuses any change. */
export async function runCheck(check: Check, database: Database, situation: Omit<Situation, 'db' | 'targets'>): Promise<Finding[]> {
  try {
    const verdicts = await inTransaction(database.pool, async (client) => {
      await client.query('SET TRANSACTION READ ONLY');
      // By the same connection: the embedded database lets nobody else in while a transaction is open.
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
