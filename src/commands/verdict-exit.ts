import type { ReembedError } from '../errors.ts';
import type { ValidationResult } from '../validation/validate.ts';
import { ValidationFailed, ValidationUnsure } from '../validation/validation-error.ts';

/** Verdicts at which `validate` ends with a non-zero exit code, by the value of --fail-on. */
const FAILING = { unsure: ['fail', 'unsure'], fail: ['fail'], none: [] } as const satisfies Record<string, ValidationResult['verdict'][]>;

/** Value of --fail-on. */
export type FailOn = keyof typeof FAILING;

/** The values of --fail-on, the default first. */
export const FAIL_ON = Object.keys(FAILING) as FailOn[];

/** The error that a verdict ends the command with; undefined if the exit code is 0. */
export function verdictError(
  { id, verdict, reasons, doubts }: Pick<ValidationResult, 'id' | 'verdict' | 'reasons' | 'doubts'>,
  failOn: FailOn,
): ReembedError | undefined {
  if (!FAILING[failOn].some((failing) => failing === verdict)) return undefined;
  return verdict === 'fail' ? new ValidationFailed(id, reasons) : new ValidationUnsure(id, doubts);
}
