import { paint } from './paint.ts';
import type { CampaignStatus } from './read-status.ts';

/** The phases of a campaign, and the validation that opens the gate between two of them. */
const STEPS = ['expand', 'backfill', 'index', 'validate', 'switch', 'contract'] as const;

type Step = (typeof STEPS)[number];

type Standing = Pick<CampaignStatus, 'phase' | 'done' | 'total' | 'percent' | 'next'>;

/** Formats where a campaign stands: ✓ what is done, ● what is done or decided now, ○ what follows. */
export function phaseRail(row: Standing): string {
  // Vectors of a part that do not fit the column stay in their side table.
  const endsAtSwitch = row.phase === 'switch' && row.next === null;
  const steps = STEPS.filter((step) => step !== 'contract' || !endsAtSwitch);
  const present = presentStep(row);
  const at = present === undefined ? steps.length : steps.indexOf(present);
  return steps
    .map((step, position) => {
      if (position < at) return paint('good', `✓ ${step}`);
      if (position > at) return paint('faint', `○ ${step}`);
      return paint('strong', `● ${step}${step === 'backfill' && row.percent !== null ? ` ${row.percent.toFixed(1)} %` : ''}`);
    })
    .join(' → ');
}

/** What is under way; undefined when nothing is left. */
function presentStep({ phase, done, total, next }: Standing): Step | undefined {
  switch (phase) {
    case 'expand':
      return 'backfill';
    case 'backfill':
      return done < total ? 'backfill' : 'index';
    case 'index':
      // An open gate: the validation passed, or a person accepted its result.
      return next?.open_conditions?.length === 0 ? 'switch' : 'validate';
    case 'switch':
      return next === null ? undefined : 'contract';
    case 'contract':
      return undefined;
  }
}
