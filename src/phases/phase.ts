import type { PhaseName } from '../database/migration-file.ts';
import type { CampaignPlan } from './plan.ts';

/** One of the five phases of a campaign: what its file says, forward and back. */
export interface Phase {
  name: PhaseName;
  /** one line for the plan and the head of the file: which locks, for how long */
  locks(plan: CampaignPlan): string;
  /** one line for the head of the file: what going back does */
  back(plan: CampaignPlan): string;
  /** false: every statement commits on its own, because one of them cannot run in a transaction */
  inTransaction: boolean;
  /** statements of `up`; each string is sent as one query, with present() where a name may have changed by then */
  up(plan: CampaignPlan): string[];
  /** statements of `down`, the inverse */
  down(plan: CampaignPlan): string[];
}

/**
 * Stands first in every transaction of a file: waiting in the lock queue would hold up everybody behind. Well below
 * PostgreSQL's deadlock_timeout, so that in a deadlock it is this transaction that gives up and never the application's.
 */
export const SHORT_LOCK_WAIT = "SET LOCAL lock_timeout = '300ms';";

// A concurrent build waits for old transactions, under a lock that stops neither reads nor writes; a second would never do.
export const CONCURRENT_LOCK_WAIT = "SET lock_timeout = '10min';";
export const RESET_LOCK_WAIT = 'RESET lock_timeout;';

/** What a name can be of: the table, the relation and columns of the new vectors, the schema of their index. */
type Named = 'table' | 'vectors' | 'column' | 'version' | 'schema';

/** Stands in a statement for the name that the database gives when the file runs: the user may have renamed it since. No text has a NUL. */
export function present(named: Named): string {
  return `\0${named}\0`;
}

/** `DO` with a quote that nothing in the block ends, whatever names it holds. */
export function anonymousBlock(block: string): string {
  let tag = 'do';
  while (block.includes(`$${tag}$`)) tag += '_';
  return `DO $${tag}$\n${block} $${tag}$;`;
}
