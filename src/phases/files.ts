import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expand } from './1-expand.ts';
import { backfill } from './2-backfill.ts';
import { index } from './3-index.ts';
import { switchOver } from './4-switch.ts';
import { contract } from './5-contract.ts';
import type { Phase } from './phase.ts';
import { type CampaignPlan, targetOf } from './plan.ts';

/** The five phases in the order they run. */
export const phases: readonly Phase[] = [expand, backfill, index, switchOver, contract];

/** A file to be written. */
export interface PlannedFile {
  path: string;
  text: string;
}

/** The five migration files of a campaign, as they would be written to `directory`. */
export function campaignFiles(plan: CampaignPlan, directory: string): PlannedFile[] {
  return phases.map((phase, position) => ({
    path: join(directory, `${plan.campaign}.${position + 1}_${phase.name}.js`),
    text: fileText(plan, phase, position + 1),
  }));
}

/** Writes the files; none of them may exist. */
export function writeFiles(files: PlannedFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(join(path, '..'), { recursive: true });
    if (existsSync(path)) throw new Error(`${path} exists`);
    writeFileSync(path, text, { flag: 'wx' });
  }
}

function fileText(plan: CampaignPlan, phase: Phase, position: number): string {
  const comment = (text: string) => text.replace(/[\r\n\u2028\u2029]+/g, ' ');
  return `// ${comment(`${position} ${phase.name}: ${targetOf(plan)}, ${plan.from.name} -> ${plan.to.name}`)}
// Locks: ${phase.locks(plan)}.
// Down: ${phase.back(plan)}.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
${statements(phase.up(plan), phase.inTransaction)}
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
${statements(phase.down(plan), phase.inTransaction)}
};
`;
}

function statements(texts: string[], inTransaction: boolean): string {
  const calls = texts.map((text) => `  pgm.sql(\`${text.includes('\n') ? `\n${templateText(text)}\n` : templateText(text)}\`);`);
  return [...(inTransaction ? [] : ['  pgm.noTransaction();']), ...calls].join('\n');
}

/** Text that stands for itself between backticks. */
export function templateText(text: string): string {
  return text.replace(/[\\`]/g, '\\$&').replace(/\$\{/g, '\\${');
}
