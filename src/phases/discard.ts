import type { Queryable } from '../database/connection.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { EXIT, ReembedError } from '../errors.ts';
import { counted, formatUsd, plural } from '../wording.ts';

/** What taking down one campaign removes for good. */
export interface Discarded {
  campaign: string;
  /** vectors of the new model */
  vectors: number;
  tokens: number | null;
  /** US dollars; null when the price is not known */
  usd: number | null;
  /** live view that is dropped; null if an earlier campaign keeps it */
  view: string | null;
  /** who is known to read the view */
  readers: string[];
}

/** Thrown when `down` would discard new vectors, or a live view that is read, and the user has not confirmed it. */
export class WouldDiscard extends ReembedError {
  override readonly exitCode = EXIT.usage;

  /** @param steps what was reverted, as `migrate down` takes it: a number of steps, or all */
  constructor(losses: Discarded[], steps: string) {
    super(
      'would_discard',
      `nothing was reverted, because that would discard ${losses.map(lossText).join('; ')}`,
      `to revert fewer steps, give their number; to discard this: npm run migrate down ${steps} --discard-vectors`,
    );
  }
}

/**
 * Reads what the downs of these files discard: only that of phase expand drops vectors and views.
 *
 * @returns campaigns that lose vectors, or a live view that somebody reads
 */
export async function readDiscarded(db: Queryable, files: readonly MigrationFile[]): Promise<Discarded[]> {
  const losses: Discarded[] = [];
  for (const { campaign, phase } of files) {
    if (!campaign || phase !== 'expand') continue;
    const { rows } = await db.query<Discarded>(
      `SELECT $1::text AS campaign, vectors::double precision AS vectors, tokens::double precision AS tokens, usd::double precision AS usd, live_view AS view, readers
         FROM reembed.discarded_by_down($1)`,
      [campaign],
    );
    losses.push(...rows.filter(({ vectors, readers }) => vectors > 0 || readers.length > 0));
  }
  return losses;
}

function lossText({ campaign, vectors, tokens, usd, view, readers }: Discarded): string {
  const cost = [
    tokens ? counted(tokens, 'token') : 'tokens not recorded',
    tokens && usd !== null ? formatUsd(usd) : 'price not known',
  ].join(', ');
  const parts = vectors > 0 ? [`${counted(vectors, 'vector')} of ${campaign} (${cost})`] : [];
  if (view !== null) {
    const known = readers.length > 0 ? `, which ${plural(readers.length, 'has a reader', 'has readers')}: ${readers.join(', ')}` : '';
    parts.push(`the live view ${view}${known}`);
  }
  return parts.join(' and ');
}
