import type { Config } from '../config.ts';
import { placeOf } from '../database/address.ts';

/** The first line of every command: the database it works with, without user and password. */
export function databaseLine({ databaseUrl, directUrl, databaseVariables, embeddedDirectory }: Config): string {
  if (databaseUrl === undefined) {
    const reason = databaseVariables.length === 0 ? '; neither DATABASE_URL nor PGHOST is set' : '';
    return `database: embedded, in ${embeddedDirectory}${reason}`;
  }
  const migrations = directUrl === undefined ? '' : `; migrations run at ${placeOf(directUrl, 'DATABASE_DIRECT_URL')}`;
  const source = databaseVariables.includes('DATABASE_URL') ? '' : ` (${databaseVariables.join(', ')})`;
  return `database: ${placeOf(databaseUrl)}${source}${migrations}`;
}
