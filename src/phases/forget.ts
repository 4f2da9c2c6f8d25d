import type { Queryable } from '../database/connection.ts';
import { EXIT, ReembedError } from '../errors.ts';
import { counted, formatUsd, plural } from '../wording.ts';

/** What forgetting a target removes for good, as reembed.lost_by_forget() finds it. */
export interface Forgotten {
  /** full name of the target */
  target: string;
  tableIsThere: boolean;
  /** vectors in columns and side tables of pg-reembed */
  vectors: number;
  /** old vectors in archives */
  archived: number;
  tokens: number | null;
  /** US dollars; null when the price is not known */
  usd: number | null;
  /** live view that is dropped; null if it is gone */
  view: string | null;
  /** who is known to read the view */
  readers: string[];
  /** columns, tables, views and triggers that are removed */
  removed: string[];
}

/** Thrown when forgetting a target would discard vectors, or a live view that is read, and the user has not confirmed it. */
export class WouldForget extends ReembedError {
  override readonly exitCode = EXIT.usage;

  constructor(lost: Forgotten) {
    super(
      'would_forget',
      `nothing was removed, because ${lost.target} would lose ${losses(lost).join(' and ')}`,
      `npm run migrate down goes back step by step; to lose this: npm run forget -- --target ${lost.target} --yes`,
    );
  }
}

/** Finds out what forgetting a target removes. Counts the vectors. */
export async function readForgotten(db: Queryable, target: string | undefined): Promise<Forgotten> {
  const { rows } = await db.query<Forgotten>(
    `SELECT target, table_is_there AS "tableIsThere", vectors::double precision AS vectors, archived::double precision AS archived, tokens::double precision AS tokens,
            usd::double precision AS usd, live_view AS view, readers, removed
       FROM reembed.lost_by_forget($1)`,
    [target ?? null],
  );
  return rows[0] as Forgotten;
}

/** What is lost for good, in words; empty when everything can be made again for nothing. */
export function losses({ vectors, archived, tokens, usd, view, readers }: Forgotten): string[] {
  const cost = [tokens ? counted(tokens, 'token') : 'tokens not recorded', tokens && usd !== null ? formatUsd(usd) : 'price not known'];
  return [
    ...(vectors > 0 ? [`${counted(vectors, 'vector')} (${cost.join(', ')})`] : []),
    ...(archived > 0 ? [counted(archived, 'archived vector')] : []),
    ...(readers.length > 0
      ? [`the live view ${view}, which ${plural(readers.length, 'has a reader', 'has readers')}: ${readers.join(', ')}`]
      : []),
  ];
}
