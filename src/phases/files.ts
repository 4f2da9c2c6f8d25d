import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARKER, SECTION } from '../database/migration-file.ts';
import { messageOf, ReembedError } from '../errors.ts';
import { type CampaignPlan, literal, oneLine, targetOf } from '../plan/plan.ts';
import { counted } from '../wording.ts';
import { expand } from './1-expand.ts';
import { backfill } from './2-backfill.ts';
import { index } from './3-index.ts';
import { switchOver } from './4-switch.ts';
import { contract } from './5-contract.ts';
import { contractOfPart } from './5-contract-of-part.ts';
import type { EachLeafIndex } from './leaf-indexes.ts';
import type { Phase } from './phase.ts';

/** The five phases in the order they run. */
const phases: readonly Phase[] = [expand, backfill, index, switchOver, contract];

/** The phases of a campaign. The column of a part also belongs to other rows, so its contract drops no column. */
export function phasesOf({ part }: CampaignPlan): readonly Phase[] {
  return part === null ? phases : phases.map((phase) => (phase === contract ? contractOfPart : phase));
}

/** A migration file to be written. */
export interface PlannedFile {
  path: string;
  text: string;
}

/** Returns the migration files of a campaign, one a phase, as they would be written to `directory`. */
export function campaignFiles(plan: CampaignPlan, directory: string): PlannedFile[] {
  return phasesOf(plan).map((phase, position) => ({
    path: join(directory, `${plan.campaign}.${position + 1}_${phase.name}.js`),
    text: fileText(plan, phase, position + 1),
  }));
}

/** Returns the five files of a table group: each has a section for every campaign. */
export function groupFiles(group: string, plans: readonly CampaignPlan[], directory: string): PlannedFile[] {
  return phases.map((phase, position) => ({
    path: join(directory, `${group}.${position + 1}_${phase.name}.js`),
    text: groupText(group, plans, phase, position + 1),
  }));
}

function groupText(group: string, plans: readonly CampaignPlan[], phase: Phase, position: number): string {
  return `${MARKER}
// ${position} ${phase.name} of table group ${group}: ${counted(plans.length, 'campaign')}, each run and recorded separately.

/** @type {Record<string, Record<'up' | 'down', (pgm: import('node-pg-migrate').MigrationBuilder) => void>>} */
export const campaigns = {};

${plans.map((plan) => sectionText(plan, phase, position)).join('\n')}`;
}

function sectionText(plan: CampaignPlan, phase: Phase, position: number): string {
  return `${SECTION}${plan.campaign}
${aboutText(plan, phase, position)}
campaigns['${plan.campaign}'] = {
  up: ${action(plan, phase.up(plan), phase.inTransaction)},
  down: ${action(plan, phase.down(plan), phase.inTransaction)},
};
`;
}

/** Thrown when the files cannot be written where they belong. */
export class FilesUnwritable extends ReembedError {
  constructor(path: string, cause: unknown) {
    super(
      'files_unwritable',
      `${path} cannot be written: ${messageOf(cause)}; no file of this campaign was left`,
      'make the folder writable, or name another one in REEMBED_MIGRATIONS',
      { cause },
    );
  }
}

/**
 * Writes all of the files or none.
 *
 * @throws FilesUnwritable
 */
export function writeFiles(files: PlannedFile[]): void {
  const written: string[] = [];
  for (const { path, text } of files) {
    if (existsSync(path)) throw new Error(`${path} exists`);
    try {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
    } catch (cause) {
      // A campaign without its later phases could be started, and not be finished.
      for (const one of written) rmSync(one);
      throw new FilesUnwritable(path, cause);
    }
    written.push(path);
  }
}

function fileText(plan: CampaignPlan, phase: Phase, position: number): string {
  return `${MARKER}
${aboutText(plan, phase, position)}

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = ${action(plan, phase.up(plan), phase.inTransaction)};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = ${action(plan, phase.down(plan), phase.inTransaction)};
`;
}

function aboutText(plan: CampaignPlan, phase: Phase, position: number): string {
  return `// ${oneLine(`${position} ${phase.name}: ${targetOf(plan)}, ${plan.from.name} -> ${plan.to.name}`)}
// Locks: ${phase.locks(plan)}.
// Down: ${phase.back(plan)}.`;
}

function action(plan: CampaignPlan, texts: (string | EachLeafIndex)[], inTransaction: boolean): string {
  const calls = texts.map((text) =>
    typeof text === 'string'
      ? call(text, '  ')
      : [`  for (const index of present.${text.list} ?? []) {`, ...text.run.map((statement) => call(statement, '    ')), '  }'].join('\n'),
  );
  const isNamed = texts.some((text) => typeof text !== 'string' || text.includes('\0'));
  return [
    isNamed ? 'async (pgm) => {' : '(pgm) => {',
    ...(inTransaction ? [] : ['  pgm.noTransaction();']),
    ...(isNamed
      ? [
          '  // What was renamed since is found by its present name.',
          `  const [{ present }] = await pgm.db.select(\`SELECT reembed.present_names(${templateText(literal(plan.campaign))}) AS present\`);`,
        ]
      : []),
    ...calls,
    '}',
  ].join('\n');
}

function call(text: string, indent: string): string {
  return `${indent}pgm.sql(\`${text.includes('\n') ? `\n${templateText(text)}\n` : templateText(text)}\`);`;
}

/** Escapes text for a JavaScript template literal, except the placeholders of names that are known only when the file runs. */
export function templateText(text: string): string {
  return (
    text
      .replace(/[\\`]/g, '\\$&')
      // JavaScript would turn a carriage return into a line feed.
      .replace(/\r/g, '\\r')
      .replace(/\$\{/g, '\\${')
      .replace(/\0([\w.]+)\0/g, (_, named: string) => `\${${named.includes('.') ? named : `present.${named}`}}`)
  );
}
