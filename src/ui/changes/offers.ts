import type { Queryable } from '../../database/connection.ts';
import type { PhaseName } from '../../database/migration-file.ts';
import { visibleLines } from '../../print-text.ts';

/** What the page can change with --allow-changes. */
export const CHANGES = ['pause', 'resume', 'canary', 'switch', 'rollback', 'retry'] as const;

export type ChangeName = (typeof CHANGES)[number];

/** A target, and what this role may change of it in its present state. */
export interface Offer {
  target: string;
  campaign: string;
  from_model: string;
  to_model: string;
  canary_percent: number;
  changes: ChangeName[];
}

interface TargetState extends Omit<Offer, 'changes'> {
  phase: PhaseName;
  read_model: string;
  paused: boolean;
  has_failed_rows: boolean;
}

const RESOLVES = 'reembed.resolve_target(text)';

/** Functions that a role must be allowed to call for a change, and columns of reembed.setting that it must be allowed to update. */
const NEEDS: Record<ChangeName, { functions: string[]; columns: string[] }> = {
  pause: { functions: ['reembed.pause(text, text)', RESOLVES], columns: ['paused', 'paused_by', 'paused_reason'] },
  resume: { functions: ['reembed.resume(text)', RESOLVES], columns: ['paused'] },
  canary: { functions: [], columns: ['canary_percent'] },
  switch: { functions: ['reembed.switch_to(text, text)', RESOLVES], columns: ['read_model'] },
  rollback: { functions: ['reembed.switch_to(text, text)', RESOLVES], columns: ['read_model'] },
  retry: {
    functions: [
      'reembed.retry_failed(text)',
      'reembed.log_keys(text, jsonb[], boolean, boolean)',
      'reembed.record_retry(text, bigint)',
      RESOLVES,
    ],
    columns: [],
  },
};

/**
 * Reads what can be changed now.
 *
 * @param target full name; null for all targets
 */
export async function readOffers(db: Queryable, target: string | null): Promise<Offer[]> {
  const allowed = await readAllowed(db);
  const { rows } = await db.query<TargetState>(
    `SELECT s.target, m.name AS campaign, m.phase, m.from_model, m.to_model, s.read_model, s.paused, s.canary_percent::double precision AS canary_percent,
            EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = s.target) AS has_failed_rows
       FROM reembed.setting AS s
      CROSS JOIN LATERAL (SELECT c.* FROM reembed.campaign AS c WHERE c.target = s.target ORDER BY c.created_at DESC LIMIT 1) AS m
      WHERE $1::text IS NULL OR s.target = $1 ORDER BY s.target`,
    [target],
  );
  return rows.map(({ phase, read_model, paused, has_failed_rows, ...offer }) => {
    const mayServe = phase === 'index' || phase === 'switch';
    const isPossible: Record<ChangeName, boolean> = {
      pause: !paused,
      resume: paused,
      canary: mayServe && read_model === offer.from_model,
      switch: mayServe && read_model === offer.from_model,
      rollback: mayServe && read_model === offer.to_model,
      retry: has_failed_rows,
    };
    return { ...offer, changes: CHANGES.filter((change) => isPossible[change] && allowed.has(change)) };
  });
}

/**
 * What can be changed of one target.
 *
 * @param shown its full name as the page shows it
 * @param only full name of the only target that may be changed; undefined for all
 */
export async function findOffer(db: Queryable, shown: string, only?: string): Promise<Offer | undefined> {
  const offers = await readOffers(db, only ?? null);
  return offers.find(({ target }) => visibleLines(target) === shown);
}

/** The changes for which this role has every right. The rights themselves are enforced by the database when the change is made. */
async function readAllowed(db: Queryable): Promise<Set<ChangeName>> {
  const needs = CHANGES.map((change) => ({ change, ...NEEDS[change] }));
  // to_regprocedure() returns NULL for a function that an earlier version of the database lacks.
  const { rows } = await db.query<{ change: ChangeName }>(
    `SELECT n.change FROM jsonb_to_recordset($1) AS n(change text, functions text[], columns text[])
      WHERE NOT EXISTS (SELECT FROM unnest(n.functions) AS f(name) WHERE has_function_privilege(to_regprocedure(f.name)::oid, 'EXECUTE') IS NOT TRUE)
        AND NOT EXISTS (SELECT FROM unnest(n.columns) AS c(name) WHERE NOT has_column_privilege('reembed.setting', c.name, 'UPDATE'))`,
    [JSON.stringify(needs)],
  );
  return new Set(rows.map(({ change }) => change));
}
