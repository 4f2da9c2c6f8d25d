import type { PhaseName } from '../database/migration-file.ts';
import type { CampaignPlan } from '../plan/plan.ts';

/** One of the five phases of a campaign: the statements of its file in both directions. */
export interface Phase {
  name: PhaseName;
  /** one line for the plan and the file header: which locks are taken and for how long */
  locks(plan: CampaignPlan): string;
  /** one line for the file header: what `down` does */
  back(plan: CampaignPlan): string;
  /** false when every statement commits on its own because one of them cannot run in a transaction */
  inTransaction: boolean;
  /** statements of `up`; each string is sent as one query, with present() for names that may have changed when it runs */
  up(plan: CampaignPlan): string[];
  /** statements of `down`, the inverse */
  down(plan: CampaignPlan): string[];
}

/**
 * First statement of every transaction in a file: a session that waits in the lock queue blocks every session behind it. Well below
 * PostgreSQL's deadlock_timeout, so that in a deadlock this transaction fails and never the application's.
 */
export const SHORT_LOCK_WAIT = "SET LOCAL lock_timeout = '300ms';";

// A concurrent build waits for old transactions while its lock blocks neither reads nor writes. It needs a long timeout; a second would
// never be enough.
export const CONCURRENT_LOCK_WAIT = "SET lock_timeout = '10min';";
export const RESET_LOCK_WAIT = 'RESET lock_timeout;';

/** What a placeholder can name: the table, also as a literal, the relation and columns of the new vectors, the schema of their index. */
type Named = 'table' | 'table_literal' | 'vectors' | 'column' | 'version' | 'schema';

/**
 * Placeholder for a name that is read from the database when the file runs, because the user may have renamed the object. NUL marks it,
 * since no PostgreSQL text contains one.
 */
export function present(named: Named): string {
  return `\0${named}\0`;
}

/** Wraps a block in `DO` with a dollar quote that does not occur in the block. */
export function anonymousBlock(block: string): string {
  let tag = 'do';
  while (block.includes(`$${tag}$`)) tag += '_';
  return `DO $${tag}$\n${block} $${tag}$;`;
}
