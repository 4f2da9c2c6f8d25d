import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { SETTINGS } from '../database/connection.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { RECORD_TABLE } from '../database/migration-runner.ts';
import { isInstalled } from '../database/sql-objects.ts';
import type { present } from './phase.ts';
import { recordStatements } from './recorded-statements.ts';

const NAMES = ['table', 'vectors', 'column', 'version', 'schema'] as const satisfies readonly Parameters<typeof present>[0][];

/**
 * Renders what `up` or `down` of these files would execute as a psql script. Nothing is executed. Present names are filled in where the
 * campaign is registered; elsewhere the script reads them when it runs.
 *
 * @param db undefined when there is no database yet
 */
export async function scriptOf(db: Queryable | undefined, files: readonly MigrationFile[], direction: 'up' | 'down'): Promise<string> {
  const parts = [
    '\\set ON_ERROR_STOP on\n',
    Object.entries(SETTINGS)
      // Exists from PostgreSQL 17 on, and is off by default.
      .filter(([name]) => name !== 'transaction_timeout')
      .map(([name, value]) => `SET ${name} = ${name === 'search_path' ? value : pg.escapeLiteral(value)};\n`)
      .join(''),
    ...(direction === 'up' ? [RECORD_TABLE] : []),
  ];
  const isKnown = db !== undefined && (await isInstalled(db));
  for (const file of files) parts.push(await fileScript(isKnown ? db : undefined, file, direction));
  return `${parts.join('\n')}\n`;
}

async function fileScript(db: Queryable | undefined, file: MigrationFile, direction: 'up' | 'down'): Promise<string> {
  const { statements, inTransaction } = await recordStatements(file, direction, async (query, before) => {
    const known = db ? (await db.query<{ present: Record<string, string> | null }>(query)).rows : [];
    if (known[0]?.present) return known;
    const columns = NAMES.map((name) => `w.present ->> '${name}' AS present_${name}`).join(', ');
    before.push(`SELECT ${columns} FROM (${query}) AS w \\gset`);
    return [{ present: Object.fromEntries(NAMES.map((name) => [name, `:present_${name}`])) }];
  });
  const name = pg.escapeLiteral(file.name);
  statements.push(
    direction === 'up'
      ? `INSERT INTO reembed.schema_migration (name, run_on, sha256) VALUES (${name}, now(), '${file.sha256}');`
      : `DELETE FROM reembed.schema_migration WHERE name = ${name};`,
  );
  const body = (inTransaction ? ['BEGIN;', ...statements, 'COMMIT;'] : statements).join('\n\n');
  return `-- ${direction} ${file.name}\n${body}\n`;
}
