import { loadActions } from '../database/migration-actions.ts';
import type { MigrationFile } from '../database/migration-file.ts';

/** What one direction of a file would execute. */
export interface RecordedStatements {
  statements: string[];
  inTransaction: boolean;
}

/**
 * Runs `up` or `down` of a file on a recorder in place of a database.
 *
 * @param select answers what the file asks for: the present names of its objects. What it adds to `statements` comes before the next ones
 */
export async function recordStatements(
  file: MigrationFile,
  direction: 'up' | 'down',
  select: (query: string, statements: string[]) => Promise<unknown[]>,
): Promise<RecordedStatements> {
  const recorded: RecordedStatements = { statements: [], inTransaction: true };
  // What the files use of node-pg-migrate's MigrationBuilder.
  const recorder = {
    sql: (text: string) => recorded.statements.push(/;\s*$/.test(text) ? text.trim() : `${text.trim()};`),
    noTransaction: () => {
      recorded.inTransaction = false;
    },
    db: { select: (query: string) => select(query, recorded.statements) },
  };
  const actions = (await loadActions(file)) as Record<typeof direction, (pgm: unknown) => unknown>;
  await actions[direction](recorder);
  return recorded;
}
