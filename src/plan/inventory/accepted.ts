import { ReembedError, UsageError } from '../../errors.ts';
import type { Acceptance } from '../plan.ts';
import type { InventoryFinding } from './finding.ts';

/** Thrown when a campaign would harm the database in a way that has to be avoided, or accepted by name. */
export class InventoryRefused extends ReembedError {
  constructor({ code, what, consequence, avoid }: InventoryFinding) {
    super(code.replaceAll('-', '_'), `${what}; ${consequence}`, avoid);
  }
}

/**
 * Returns the acceptances that the expand file records, each with the evidence that was found.
 *
 * @param findings those that hold with the chosen storage
 * @throws InventoryRefused, UsageError for a code that was not found
 */
export function acceptedFindings(
  findings: readonly InventoryFinding[],
  codes: readonly string[],
  reason: string | undefined,
): Acceptance[] {
  const acceptable = findings.filter(({ severity }) => severity !== 'note');
  const refused = acceptable.find(({ severity, code }) => severity === 'refusal' && !codes.includes(code));
  if (refused) throw new InventoryRefused(refused);
  return codes.map((code) => {
    const finding = acceptable.find((candidate) => candidate.code === code);
    if (!finding) {
      const known = [...new Set(acceptable.map((candidate) => candidate.code))].join(', ');
      throw new UsageError(`there is no ${code} to accept`, known === '' ? 'leave --accept out' : `what can be accepted: ${known}`);
    }
    return { code, reason: reasonOf(reason), evidence: finding.evidence };
  });
}

/** @throws UsageError for an acceptance without a reason */
export function reasonOf(reason: string | undefined): string {
  if (reason === undefined || reason.trim() === '') throw new UsageError('--accept needs a reason', 'give --reason TEXT');
  return reason;
}
