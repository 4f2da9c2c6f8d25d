import Table from 'cli-table3';
import { Command } from 'commander';
import pg from 'pg';
import { readConfig } from '../config.ts';
import { inTransaction, openDatabase, type Queryable, WAIT_FOR_LOCKS } from '../database/connection.ts';
import { ReembedError, UsageError } from '../errors.ts';
import { targetsOfGroup } from '../plan/table-group.ts';
import { visibleAll } from '../print-text.ts';
import { printJson, say } from './print.ts';
import { resolveTarget } from './resolve-target.ts';

/** Thrown for an unknown setting name. */
export class UnknownSetting extends ReembedError {
  constructor(name: string, known: string[]) {
    super('unknown_setting', `there is no setting ${name}`, `settings: ${known.join(', ')}`);
  }
}

/** Thrown for a value that the setting does not accept. */
export class InvalidSetting extends ReembedError {
  constructor(name: string, value: string, reason: string) {
    super('invalid_setting', `${name} cannot be "${value}": ${reason}`, 'npm run setting shows the present values and what each means');
  }
}

/** `reembed setting [name=value …]`: shows or changes the settings of a target. */
export function settingCommand(): Command {
  return new Command('setting')
    .description('show the settings of a target, or change them: name=value')
    .argument('[changes...]', 'such as requests_per_minute=500, "soak=2 days", paused=true; name= sets it to null')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--group <name>', 'every table of a table group, in one transaction')
    .option('--json', 'print the settings as JSON on stdout')
    .action((changes: string[], options: SettingOptions) => setting(changes, options));
}

interface SettingOptions {
  target?: string;
  group?: string;
  json?: boolean;
}

async function setting(changes: string[], options: SettingOptions): Promise<void> {
  const database = await openDatabase(readConfig());
  try {
    const { pool } = database;
    const targets = await namedTargets(pool, options);
    const known = await describeSettings(pool);
    if (changes.length > 0)
      await inTransaction(pool, async (client) => {
        for (const target of targets) await change(client, target, changes, [...known.keys()]);
      });
    if (options.json) {
      const settings: Record<string, unknown>[] = [];
      for (const target of targets) settings.push(await readSettings(pool, target, 'iso_8601'));
      printJson(options.group === undefined ? settings[0] : settings);
      return;
    }
    // After a change, only the changed settings are shown.
    const shown = changes.length > 0 ? changes.map(nameOf) : [...known.keys()];
    for (const target of targets) {
      const current = await readSettings(pool, target, 'postgres');
      const table = shown.map((name): [string, string, string] => [name, String(current[name] ?? ''), known.get(name) ?? '']);
      say(`${target}\n${settingsTable(visibleAll(table))}`);
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

function settingsTable(rows: [name: string, value: string, meaning: string][]): string {
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({
    head: ['setting', 'value', 'meaning'],
    // A setting's name is meant to be copied, so it is never cut. A model's name may be longer than any column.
    colWidths: [Math.max(...rows.map(([name]) => name.length), 'setting'.length) + 2, 26, 72],
    wordWrap: true,
    style: { head: [], border: [] },
    chars: none,
  });
  table.push(...rows);
  return table.toString();
}

function nameOf(change: string): string {
  return change.slice(0, change.indexOf('=')).trim();
}

async function change(db: Queryable, target: string, changes: string[], known: string[]): Promise<void> {
  for (const text of changes) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`"${text}" is not name=value`, 'for example: npm run setting -- paused=true');
    const name = nameOf(text);
    const value = text.slice(equals + 1).trim();
    if (!known.includes(name)) throw new UnknownSetting(name, known);
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

/** Reads names and meanings of the settings from the column comments in the database. */
async function describeSettings(db: Queryable): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; meaning: string }>(
    `SELECT attname AS name, col_description(attrelid, attnum) AS meaning FROM pg_attribute
      WHERE attrelid = 'reembed.setting'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('target', 'updated_at', 'paused_by', 'paused_reason')
      ORDER BY attnum`,
  );
  return new Map(rows.map(({ name, meaning }) => [name, meaning]));
}
