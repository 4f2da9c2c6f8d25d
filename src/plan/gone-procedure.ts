/** A step of the procedure for an old model that nobody can call any more. */
export interface ProcedureStep {
  command: string;
  /** what is true afterwards */
  effect: string;
}

/**
 * The order in which to go when the old model is gone: searches work again as soon as the bridge serves, long before the backfill has ended.
 *
 * @param from name of the old model
 * @param to name of the new model
 */
export function goneProcedure(from: string, to: string): ProcedureStep[] {
  return [
    { command: 'npm run migrate up', effect: 'live writes are logged; searches do not work yet' },
    { command: 'npm run bridge fit', effect: `queries of ${to} can search the old vectors` },
    {
      command: 'npm run validate -- --bridge --accept bridge-unmeasured --reason "why"',
      effect: `the bridge is measured, and serves although nothing of ${from} is left to compare it with`,
    },
    { command: 'npm run worker', effect: 'every row has its new vector; answers get better all the time' },
    { command: 'npm run migrate up', effect: 'the new index is built' },
    { command: 'npm run validate', effect: 'vectors and index are checked; the verdict says what could not be compared' },
    { command: 'npm run migrate up -- --accept unsure --reason "why"', effect: `searches read ${to} alone: the bridge has ended` },
    { command: 'npm run migrate up', effect: 'after the soak time, contract' },
  ];
}

/** The steps as numbered lines. */
export function procedureLines(steps: readonly ProcedureStep[]): string[] {
  const width = Math.max(...steps.map(({ command }) => command.length));
  return steps.map(({ command, effect }, i) => `${i + 1} ${command.padEnd(width)}  ${effect}`);
}
