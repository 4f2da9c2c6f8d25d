import { styleText } from 'node:util';
import { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import type { Finding, Level } from '../doctor/check.ts';
import { examineProviders } from '../doctor/environment.ts';
import { examineDatabase } from '../doctor/examine.ts';
import { ReembedError } from '../errors.ts';
import { visibleAll } from '../print-text.ts';
import { counted } from '../wording.ts';
import { print, printJson } from './print.ts';
import { isEmbeddedMissing } from './read-status.ts';

/** Thrown when the doctor found at least one error. */
export class DoctorFoundErrors extends ReembedError {
  constructor(errors: Finding[]) {
    super(
      'doctor_found_errors',
      `${counted(errors.length, 'error')}: ${errors.map(({ name }) => name).join(', ')}`,
      'fix them, then run npm run doctor again',
    );
  }
}

/** `reembed doctor`: reports errors and risks with their fixes. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('report errors and risks, each with a remedy; changes nothing')
    .option('--json', 'one JSON document on stdout')
    .action((options: { json?: boolean }) => doctor(options));
}

async function doctor(options: { json?: boolean }): Promise<void> {
  const config = readConfig();
  const findings = [...(await examine(config)), ...examineProviders(config)];
  const errors = findings.filter(({ level }) => level === 'error');
  const warnings = findings.filter(({ level }) => level === 'warn');
  if (options.json) {
    printJson({ errors: errors.length, warnings: warnings.length, findings }, 2);
  } else {
    print(
      `${visibleAll(findings).map(findingText).join('\n')}\n\n${counted(errors.length, 'error')}, ${counted(warnings.length, 'warning')}\n`,
    );
  }
  if (errors.length > 0) throw new DoctorFoundErrors(errors);
}

async function examine(config: Config): Promise<Finding[]> {
  // A read-only command must not create an embedded database.
  if (isEmbeddedMissing(config)) {
    return [
      {
        name: 'database',
        level: 'ok',
        finding: `no DATABASE_URL; an embedded database would be created in ${config.embeddedDirectory}`,
        remedy: null,
      },
    ];
  }
  let database: Database;
  try {
    database = await openDatabase(config);
  } catch (error) {
    if (!(error instanceof ReembedError)) throw error;
    return [{ name: 'database', level: 'error', finding: error.message, remedy: error.remedy }];
  }
  try {
    return await examineDatabase(database, config);
  } finally {
    await database.close();
  }
}

const SIGNS: Record<Level, string> = { ok: styleText('green', '✓'), warn: styleText('yellow', '!'), error: styleText('red', '✗') };
const NAME_WIDTH = 26;

function findingText({ name, level, finding, remedy }: Finding): string {
  const indent = ' '.repeat(NAME_WIDTH + 2);
  const text = `${SIGNS[level]} ${name.padEnd(NAME_WIDTH)}${finding}`;
  return remedy === null ? text : `${text}\n${`→ ${remedy}`.replace(/^/gm, indent)}`;
}
