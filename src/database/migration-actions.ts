import { pathToFileURL } from 'node:url';
import type { MigrationBuilder } from 'node-pg-migrate';
import type { MigrationFile } from './migration-file.ts';

/** `up` and `down` of a file. */
type Actions = Record<'up' | 'down', (pgm: MigrationBuilder) => Promise<void> | void>;

/** Loads `up` and `down` of a file, or of a campaign's section of a file of a table group. */
export async function loadActions({ path, group, campaign }: MigrationFile): Promise<Actions> {
  const module = (await import(pathToFileURL(path).href)) as Actions & { campaigns: Record<string, Actions> };
  return group === undefined ? module : (module.campaigns[campaign ?? ''] as Actions);
}
