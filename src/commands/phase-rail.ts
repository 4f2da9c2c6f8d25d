import { paint } from './paint.ts';
import type { CampaignStatus } from './read-status.ts';

/** The phases of a campaign, and the validation that opens the gate between two of them. */
const STEPS = ['expand', 'backfill', 'index', 'validate', 'switch', 'contract'] as const;

type Step = (typeof STEPS)[number];

type Standing = Pick<CampaignStatus, 'phase' | 'done' | 'total' | 'percent' | 'is_part' | 'next'>;

/** Formats where a campaign stands: ✓ what is done, ● what is done or decided now, ○ what follows. */
export function phaseRail(row: Standing): string {
  // The column of a part belongs to other rows as well, so it has no contract.
  const steps = STEPS.filter((step) => step !== 'contract' || !row.is_part);
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
function presentStep({ phase, done, total, is_part, next }: Standing): Step | undefined {
  switch (phase) {
    case 'expand':
      return 'backfill';
    case 'backfill':
      return done < total ? 'backfill' : 'index';
    case 'index':
      // An open gate: the validation passed, or a person accepted its result.
      return next?.open_conditions?.length === 0 ? 'switch' : 'validate';
    case 'switch':
      return is_part ? undefined : 'contract';
    case 'contract':
      return undefined;
  }
}
