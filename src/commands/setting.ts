import { Command } from 'commander';
import pg from 'pg';
import { readConfig } from '../config.ts';
import { inTransaction, openDatabase, type Queryable, WAIT_FOR_LOCKS } from '../database/connection.ts';
import { ReembedError, UsageError } from '../errors.ts';
import { targetsOfGroup } from '../plan/table-group.ts';
import { visibleAll } from '../print-text.ts';
import { didYouMean } from './did-you-mean.ts';
import { printJson, say } from './print.ts';
import { describeSettings, type SettingDescription } from './read-settings.ts';
import { resolveTarget } from './resolve-target.ts';
import { settingsText } from './show-settings.ts';

/** Thrown for an unknown setting name. */
export class UnknownSetting extends ReembedError {
  constructor(name: string, known: string[]) {
    super('unknown_setting', `there is no setting ${name}`, didYouMean(name, known) ?? `settings: ${known.join(', ')}`);
  }
}

/** Thrown for a value that the setting does not accept. */
export class InvalidSetting extends ReembedError {
  constructor(name: string, value: string, reason: string) {
    super('invalid_setting', `${name} cannot be "${value}": ${reason}`, 'npm run setting shows the present values and what each means');
  }
}

/** `reembed setting [name | name=value …]`: shows or changes the settings of a target. */
export function settingCommand(): Command {
  return new Command('setting')
    .description('show the settings of a target, or one of them: name; or change them: name=value')
    .argument('[settings...]', 'such as soak to show it, or "soak=2 days", paused=true, requests_per_minute= (null) to change it')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--group <name>', 'every table of a table group, in one transaction')
    .option('--json', 'print the settings as JSON on stdout')
    .action((named: string[], options: SettingOptions) => setting(named, options));
}

interface SettingOptions {
  target?: string;
  group?: string;
  json?: boolean;
}

async function setting(named: string[], options: SettingOptions): Promise<void> {
  const database = await openDatabase(readConfig());
  try {
    const { pool } = database;
    const targets = await namedTargets(pool, options);
    const known = await inTransaction(pool, describeSettings, WAIT_FOR_LOCKS);
    refuseUnknown(named, known);
    const changes = named.filter((text) => text.includes('='));
    if (changes.length > 0)
      await inTransaction(pool, async (client) => {
        for (const target of targets) await changeSettings(client, target, changes);
      });
    // After a change, only the changed settings are shown.
    const names = new Set(named.map(nameOf));
    if (options.json) {
      const settings: Record<string, unknown>[] = [];
      for (const target of targets) {
        const all = await readSettings(pool, target, 'iso_8601');
        settings.push(changes.length > 0 || names.size === 0 ? all : onlyOf(all, names));
      }
      printJson(options.group === undefined ? settings[0] : settings);
      return;
    }
    const shown = names.size > 0 ? known.filter(({ name }) => names.has(name)) : known;
    for (const target of targets) {
      const current = await readSettings(pool, target, 'postgres');
      say(`${target}\n${settingsText(shown.map((one) => visibleAll({ ...one, value: current[one.name] ?? null })))}`);
    }
  } finally {
    await database.close();
  }
}

async function namedTargets(pool: pg.Pool, { target, group }: SettingOptions): Promise<string[]> {
  if (group === undefined) return [await resolveTarget(pool, target)];
  if (target !== undefined) throw new UsageError('--target and --group exclude each other', 'give one of them');
  return targetsOfGroup(pool, group);
}

/** @param intervalStyle format of intervals: `postgres` as written on the command line, `iso_8601` for programs */
function readSettings(pool: pg.Pool, target: string, intervalStyle: 'postgres' | 'iso_8601'): Promise<Record<string, unknown>> {
  return inTransaction(
    pool,
    async (client) => {
      await client.query("SELECT set_config('intervalstyle', $1, true)", [intervalStyle]);
      const { rows } = await client.query<{ setting: Record<string, unknown> }>(
        'SELECT to_jsonb(s) AS setting FROM reembed.setting AS s WHERE target = $1',
        [target],
      );
      return rows[0]?.setting ?? {};
    },
    WAIT_FOR_LOCKS,
  );
}

/** The named settings, with the target that they are of. */
function onlyOf(settings: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name === 'target' || names.has(name)));
}

function nameOf(text: string): string {
  return text.split('=', 1).join('').trim();
}

/** @throws UsageError, UnknownSetting before anything is changed */
function refuseUnknown(named: string[], known: SettingDescription[]): void {
  const names = known.map(({ name }) => name);
  for (const text of named) {
    const name = nameOf(text);
    if (name === '') throw new UsageError(`"${text}" is not name=value`, 'for example: npm run setting -- paused=true');
    if (!names.includes(name)) throw new UnknownSetting(name, names);
  }
}

/**
 * Changes settings of a target.
 *
 * @param target full name
 * @param changes known names with values, as `name=value`
 * @throws InvalidSetting
 */
export async function changeSettings(db: Queryable, target: string, changes: string[]): Promise<void> {
  for (const text of changes) {
    const name = nameOf(text);
    const value = text.slice(text.indexOf('=') + 1).trim();
    try {
      await db.query(`UPDATE reembed.setting SET ${pg.escapeIdentifier(name)} = $2 WHERE target = $1`, [
        target,
        value === '' ? null : value,
      ]);
    } catch (error) {
      const { code, constraint, message } = error as { code?: string; constraint?: string; message: string };
      // Class 22: the text is not a value of the type. Class 23: the name of the violated constraint states the rule in words.
      if (/^2[23]/.test(code ?? '')) throw new InvalidSetting(name, value, constraint ? constraint.replaceAll('_', ' ') : message);
      throw error;
    }
  }
}
