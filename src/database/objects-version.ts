import { ReembedError } from '../errors.ts';
import type { Queryable } from './connection.ts';

/**
 * Version of the tables, functions and views of schema reembed that this toolkit needs. Increase it by one with every change that a process
 * of the previous version cannot work with: a changed parameter or result of a function, or a changed column or template.
 */
export const OBJECTS_VERSION = 1;

/** Thrown when a newer version of the toolkit has installed its objects in the database. */
export class NewerObjects extends ReembedError {
  constructor(installed: number) {
    super(
      'newer_objects',
      `the objects in schema reembed have version ${installed}, and this pg-reembed works with ${OBJECTS_VERSION} at most`,
      'update pg-reembed on this host to the version that ran migrate up; nothing is lost',
    );
  }
}

// No such schema or table: nothing is installed. No privilege: every command of ours will fail for that reason, which doctor explains.
const NOTHING_TO_READ = new Set(['3F000', '42P01', '42501']);

/** @throws NewerObjects when the installed objects are newer than this toolkit */
export async function refuseNewerObjects(db: Queryable): Promise<void> {
  const installed = await readObjectsVersion(db);
  if (installed > OBJECTS_VERSION) throw new NewerObjects(installed);
}

async function readObjectsVersion(db: Queryable): Promise<number> {
  try {
    const { rows } = await db.query<{ version: number }>('SELECT objects_version AS version FROM reembed.installation');
    return rows[0]?.version ?? 0;
  } catch (error) {
    if (NOTHING_TO_READ.has((error as { code?: string }).code ?? '')) return 0;
    throw error;
  }
}
