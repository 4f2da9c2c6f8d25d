import { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import { requireEmbedded } from '../database/embedded.ts';
import type { Finding, Level } from '../doctor/check.ts';
import { examineProviders } from '../doctor/environment.ts';
import { examineDatabase } from '../doctor/examine.ts';
import { inventoryOfTable, type TableInventory, type TableRequest } from '../doctor/table-inventory.ts';
import { ReembedError } from '../errors.ts';
import { visibleAll } from '../print-text.ts';
import { counted } from '../wording.ts';
import { type Meaning, paint } from './paint.ts';
import { collect, list, TEXT_FROM } from './parse-option.ts';
import { print, printJson } from './print.ts';
import { isEmbeddedMissing } from './read-status.ts';
import { costText, inventoryText, promisesText } from './show-inventory.ts';

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
    .option('--table <name>', 'also list what a campaign would do to this table')
    .option('--column <name>', 'its vector column', 'embedding')
    .option('--text <columns>', 'its text, as for migrate create, to count rows without one', list)
    .option('--text-sql <expression>', 'SQL over the columns of the table, instead of --text')
    .option('--text-from <join>', TEXT_FROM, collect)
    .option('--from <model>', 'model of its vectors (default: EMBED_OLD_MODEL), to compare ten of them with the model')
    .option('--json', 'one JSON document on stdout')
    .action((options: DoctorOptions) => doctor(options));
}

type DoctorOptions = Omit<TableRequest, 'table'> & { table?: string; json?: boolean };

/** Prints the findings of every check. @throws DoctorFoundErrors */
export async function doctor(options: DoctorOptions): Promise<void> {
  const config = readConfig();
  const { findings, inventory } = await examine(config, options);
  const errors = findings.filter(({ level }) => level === 'error');
  const warnings = findings.filter(({ level }) => level === 'warn');
  if (options.json) {
    printJson({ errors: errors.length, warnings: warnings.length, findings, ...(inventory ? { inventory } : {}) }, 2);
  } else {
    if (inventory) print(tableText(visibleAll(inventory)));
    print(
      `${visibleAll(findings).map(findingText).join('\n')}\n\n${counted(errors.length, 'error')}, ${counted(warnings.length, 'warning')}\n`,
    );
  }
  if (errors.length > 0) throw new DoctorFoundErrors(errors);
}

interface Examination {
  findings: Finding[];
  inventory?: Omit<TableInventory, 'model'>;
}

async function examine(config: Config, options: DoctorOptions): Promise<Examination> {
  const providers = examineProviders(config);
  // A read-only command must not create an embedded database.
  let database: Database;
  try {
    if (isEmbeddedMissing(config)) {
      requireEmbedded();
      const finding = `no DATABASE_URL; an embedded database would be created in ${config.embeddedDirectory}`;
      return { findings: [{ name: 'database', level: 'ok', finding, remedy: null }, ...providers] };
    }
    database = await openDatabase(config);
  } catch (error) {
    if (!(error instanceof ReembedError)) throw error;
    return { findings: [{ name: 'database', level: 'error', finding: error.message, remedy: error.remedy }, ...providers] };
  }
  try {
    const findings = [...(await examineDatabase(database, config)), ...providers];
    if (options.table === undefined) return { findings };
    const { model, ...inventory } = await inventoryOfTable(database, { ...options, table: options.table }, config, costText);
    return { findings: [...findings, ...model], inventory };
  } finally {
    await database.close();
  }
}

function tableText({ table, column, findings, promises }: Omit<TableInventory, 'model'>): string {
  const lines = [
    paint('strong', `${table}.${column}`),
    ...inventoryText(findings, [], process.stdout),
    '',
    ...promisesText(promises, undefined).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n\n`;
}

const SIGNS = { ok: ['✓', 'good'], warn: ['!', 'doubtful'], error: ['✗', 'bad'] } as const satisfies Record<Level, [string, Meaning]>;
const NAME_WIDTH = 26;

function findingText({ name, level, finding, remedy }: Finding): string {
  const indent = ' '.repeat(NAME_WIDTH + 2);
  const [sign, meaning] = SIGNS[level];
  const text = `${paint(meaning, sign)} ${name.padEnd(NAME_WIDTH)}${finding}`;
  return remedy === null ? text : `${text}\n${`→ ${remedy}`.replace(/^/gm, indent)}`;
}
