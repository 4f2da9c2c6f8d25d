import { createHash } from 'node:crypto';
import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import pg from 'pg';
import { messageOf, ReembedError } from '../errors.ts';
import { OWN_MIGRATIONS } from '../paths.ts';

/** Phases of a campaign, in order. */
export const PHASES = ['expand', 'backfill', 'index', 'switch', 'contract'] as const;

export type PhaseName = (typeof PHASES)[number];

/** One migration file, of the toolkit or of a campaign. */
export interface MigrationFile {
  /** file name without its extension, as recorded when it ran */
  name: string;
  path: string;
  sha256: string;
  /** absent for the toolkit's own migrations */
  campaign?: string;
  phase?: PhaseName;
  /** table group whose file it is a section of; absent for a campaign with files of its own */
  group?: string;
}

/** Thrown when a migration file was edited after it ran, so that the database no longer matches it. */
export class MigrationFileEdited extends ReembedError {
  constructor(name: string) {
    super(
      'migration_file_edited',
      `migration file ${name} was edited after it ran`,
      'restore the file from version control; before you change it, run npm run migrate down',
    );
  }
}

/** Thrown when a migration was recorded without the digest of its file, so that a later edit would go unnoticed. */
export class MigrationFileUnverified extends ReembedError {
  constructor({ name, sha256 }: Pick<MigrationFile, 'name' | 'sha256'>) {
    super(
      'migration_file_unverified',
      `${name} ran, but its digest was not recorded, so a later edit cannot be detected`,
      `compare the file with version control, then record its digest: UPDATE reembed.schema_migration SET sha256 = ${pg.escapeLiteral(sha256)} WHERE name = ${pg.escapeLiteral(name)}`,
    );
  }
}

/** Thrown when the file of an applied migration is missing, so that the migration cannot be reverted. */
export class MigrationFileMissing extends ReembedError {
  constructor(name: string, directory: string) {
    super(
      'migration_file_missing',
      `${name} ran, but its file is not in ${directory}`,
      'restore the file from version control, or name its folder with REEMBED_MIGRATIONS',
    );
  }
}

/** Thrown when the folder of the campaign files is no folder, or this user may not read it. */
export class FolderUnreadable extends ReembedError {
  constructor(directory: string, cause: unknown) {
    super(
      'folder_unreadable',
      `the folder of the migrations cannot be read: ${messageOf(cause)}`,
      `correct ${directory}, or name another folder in REEMBED_MIGRATIONS`,
      { cause },
    );
  }
}

/** First line of every file that `create` writes. */
export const MARKER = '// A migration of pg-reembed: run by npm run migrate, together with the other four of its campaign.';

/** Begins the section of a campaign in a file of a table group. */
export const SECTION = '// ---- ';

const OWN_FILE = /^\d{4}_\w+\.js$/;
const CAMPAIGN_FILE = /^(\d{17}_.+)\.[1-5]_(\w+)\.js$/;

/** Name of the campaign of a recorded file, from the file's name without its extension. */
export function campaignOf(name: string): string {
  return name.replace(/\.[1-5]_\w+$/, '');
}

/** Files of a folder that look like migrations. */
interface Listing {
  files: MigrationFile[];
  /** names of files that `create` did not write, or that are links; they are never run */
  foreign: string[];
}

/**
 * Lists the toolkit's own migrations and the campaign files of the user's folder, oldest first.
 *
 * @param directory folder of the campaign files; may be the toolkit's own, and need not exist
 * @param own folder of the toolkit's migrations
 * @throws FolderUnreadable
 */
export function listMigrationFiles(directory: string, own = OWN_MIGRATIONS): MigrationFile[] {
  const { files } = listCampaignFiles(directory);
  if (existsSync(own)) {
    files.push(
      ...readdirSync(own)
        .filter((entry) => OWN_FILE.test(entry))
        .map((entry) => readMigrationFile(join(own, entry))),
    );
  }
  // A table group runs file by file, so that no table is a phase ahead of one that failed and is tried again.
  return files.sort(
    (a, b) => prefixOf(a) - prefixOf(b) || basename(a.path).localeCompare(basename(b.path)) || a.name.localeCompare(b.name),
  );
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw new FolderUnreadable(directory, error);
  }
}

/** Lists the campaign files of a folder and, separately, other migrations: an application may keep its own in the same folder. */
export function listCampaignFiles(directory: string): Listing {
  const listing: Listing = { files: [], foreign: [] };
  if (!existsSync(directory)) return listing;
  const isOwn = resolve(directory) === resolve(OWN_MIGRATIONS);
  for (const entry of entriesOf(directory)) {
    if (!/^\d+_.*\.(js|mjs|cjs|ts|sql)$/.test(entry.name) || (isOwn && OWN_FILE.test(entry.name))) continue;
    const path = join(resolve(directory), entry.name);
    const [, campaign, phase] = CAMPAIGN_FILE.exec(entry.name) ?? [];
    const known = PHASES.find((candidate) => candidate === phase);
    const isOurs = campaign && known && entry.isFile() && readFileSync(path, 'utf8').startsWith(`${MARKER}\n`);
    if (isOurs) listing.files.push(...readCampaignFile(path, campaign, known));
    else listing.foreign.push(entry.name);
  }
  return listing;
}

/** A file of a table group counts as one file for each of its campaigns, so that each is run, recorded and reverted separately. */
function readCampaignFile(path: string, name: string, phase: PhaseName): MigrationFile[] {
  // With the time of the group, which the name of a table or column that is quoted in a section cannot have foreseen.
  const [head = '', ...sections] = readFileSync(path, 'utf8').split(new RegExp(`^${SECTION}(?=${name.slice(0, 18)})`, 'm'));
  if (sections.length === 0) return [{ ...readMigrationFile(path), campaign: name, phase }];
  const position = PHASES.indexOf(phase) + 1;
  return sections.map((section) => {
    const campaign = section.slice(0, section.indexOf('\n')).trim();
    // An edited section holds up its own campaign only.
    const sha256 = createHash('sha256').update(head).update(section.trimEnd()).digest('hex');
    return { name: `${campaign}.${position}_${phase}`, path, sha256, campaign, phase, group: name };
  });
}

function readMigrationFile(path: string): MigrationFile {
  return { name: basename(path, extname(path)), path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

function prefixOf(file: MigrationFile): number {
  return Number.parseInt(file.name, 10);
}
