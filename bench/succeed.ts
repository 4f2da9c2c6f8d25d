import type { CommandResult, Workplace } from '../test/harness/command.ts';

/** Exit code of a `migrate up` that stops before a gate. */
export const GATE_CLOSED = 3;

/**
 * Runs a command and measures its duration.
 *
 * @param codes exit codes that count as success
 * @throws when it ends with another one
 */
export async function succeed(
  workplace: Workplace,
  args: string[],
  codes: number | readonly number[] = 0,
): Promise<CommandResult & { seconds: number }> {
  const startedAt = performance.now();
  const result = await workplace.run(args);
  if (![codes].flat().includes(result.code ?? Number.NaN))
    throw new Error(`reembed ${args.join(' ')} ended with ${result.code}: ${result.stderr || result.stdout}`);
  return { ...result, seconds: (performance.now() - startedAt) / 1000 };
}
