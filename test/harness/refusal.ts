import type { ExecutionContext } from 'ava';
import type pg from 'pg';
import { EXIT } from '../../src/errors.ts';
import { digestRows, dumpCatalog } from './catalog.ts';
import type { CommandResult } from './command.ts';

/** How a command has to refuse. */
export interface Refusal {
  /** the code in square brackets */
  code: string;
  exit?: keyof typeof EXIT;
  /** pattern for the sentence that says what is wrong */
  says?: RegExp;
  /** pattern for the remedy */
  remedy?: RegExp;
}

/** Values that no output may contain. */
export const SECRETS = ['sk-secret-of-the-new-model', 'sk-secret-of-the-old-model', 'the-secret-password'] as const;

/** Asserts that a command refused properly: with the right exit code, one line with code and remedy, no stack trace and no secret. */
export function assertRefused(t: ExecutionContext, result: CommandResult, refusal: Refusal, secrets: readonly string[] = SECRETS): void {
  const lines = result.stderr.split('\n').filter((line) => line.startsWith('reembed:'));
  t.is(lines.length, 1, `one line that begins with reembed:, got ${JSON.stringify(result.stderr)}`);
  const [, says, code, remedy] = /^reembed: (.+?) \[(\w+)\] - (.+)$/.exec(lines[0] ?? '') ?? [];
  t.is(code, refusal.code, result.stderr);
  t.is(result.code, EXIT[refusal.exit ?? 'failed'], result.stderr);
  t.regex(says ?? '', refusal.says ?? /\w/);
  t.regex(remedy ?? '', refusal.remedy ?? /\w/);
  assertPresentable(t, result, secrets);
}

/** Asserts that no output contains a stack trace or a secret. */
export function assertPresentable(t: ExecutionContext, result: CommandResult, secrets: readonly string[] = SECRETS): void {
  const output = result.stdout + result.stderr;
  t.not(result.code, EXIT.bug, output);
  t.notRegex(output, /^\s+at .+:\d+:\d+/m, 'no trace');
  for (const secret of secrets) t.false(output.includes(secret), `no secret in: ${output}`);
}

/** Schema and rows of a whole database: with equal fingerprints, the database is unchanged. */
export async function fingerprint(pool: pg.Pool): Promise<string[]> {
  // The last timed search of a worker that has just ended may still be recorded: on a busy machine it takes seconds.
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'read_probe' ORDER BY 1`,
  );
  const contents: string[] = [];
  for (const { name } of tables) contents.push(`rows of ${name}: ${await digestRows(pool, `${name} AS every`, ['every.*'])}`);
  return [...(await dumpCatalog(pool)), ...contents];
}
