/** Settings of one session, as name and value. */
export type Settings = [name: string, value: string][];

/** Resets the only backend to its initial settings. It started without a login, so RESET has no role to return to. */
export const RESET_SETTINGS = 'SET SESSION AUTHORIZATION postgres; RESET ROLE; RESET ALL';

// SET LOCAL and SET TRANSACTION end with their transaction, which no other session can enter.
const CHANGES_SETTINGS =
  /(?:^|;|\*\/)\s*(?:--[^\n]*\n\s*)*(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|discard)\b|\bset_config\s*\(/i;
const NAMES_CUSTOM_SETTING = /\b(?:set\s+(?:session\s+)?|set_config\s*\(\s*')("?[a-z_]\w*"?\."?\w+)/gi;

// These end the session from a timer. The backend has no process that could end, so it would loop forever.
const TIMERS = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'];
const NAMES_TIMER = new RegExp(`\\b(?:${TIMERS.join('|')})\\b`, 'i');

/** Disables the timers that would hang the backend. */
export const STOP_TIMERS = TIMERS.map((name) => `SET ${name} = 0`).join('; ');

export function namesTimer(sql: string): boolean {
  return NAMES_TIMER.test(sql);
}

/** Whether the statements may change settings that other sessions must not see. */
export function changesSettings(sql: string): boolean {
  return CHANGES_SETTINGS.test(sql);
}

/** Names of custom settings such as `app.actor`, which pg_settings does not list. */
export function customSettings(sql: string): string[] {
  return [...sql.matchAll(NAMES_CUSTOM_SETTING)].map((match) => (match[1] ?? '').replaceAll('"', '').toLowerCase());
}

/** Settings that a client requests when it connects: its own parameters and those in `options`. */
export function startupSettings(parameters: Map<string, string>): Settings {
  const settings: Settings = [];
  for (const word of (parameters.get('options') ?? '').replace(/(^|\s)-c\s*/g, '$1--').match(/(?:\\.|\S)+/g) ?? []) {
    const option = /^--([\w.-]+)=(.*)$/s.exec(word.replace(/\\(.)/g, '$1'));
    if (option) settings.push([(option[1] ?? '').replaceAll('-', '_'), option[2] ?? '']);
  }
  for (const [name, value] of parameters) {
    if (!['user', 'database', 'options', 'replication'].includes(name) && !name.startsWith('_pq_.')) settings.push([name, value]);
  }
  // The backend was started by a single user. A session of another role becomes that role.
  const user = parameters.get('user') ?? 'postgres';
  if (user !== 'postgres') settings.push(['session_authorization', user]);
  return settings.filter(([name]) => !TIMERS.includes(name));
}

/** SQL that lists the settings of a session, as name and value. */
export function captureSql(custom: Iterable<string>): string {
  const names = [...custom, 'session_authorization', 'role'].map(literal).join(', ');
  return `SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'
    UNION ALL
    SELECT name, pg_catalog.current_setting(name, true) FROM pg_catalog.unnest(ARRAY[${names}]) AS name`;
}

/** Parses the rows that captureSql() returns. */
export function capturedSettings(rows: (string | null)[][]): Settings {
  const unset = new Map([
    ['session_authorization', ['', 'postgres']],
    ['role', ['none']],
  ]);
  return rows.filter((row): row is [string, string] => {
    const [name = '', value] = row;
    return typeof value === 'string' && !unset.get(name ?? '')?.includes(value);
  });
}

/** SQL that gives the backend these settings, whatever its present ones are. Equal settings give equal SQL. */
export function restoreSql(settings: Settings): string {
  // The role comes last, because it may lack the privilege to set the others.
  const rank = (name: string) => ['session_authorization', 'role'].indexOf(name);
  const sorted = settings.toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const calls = sorted.map(([name, value]) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`);
  return calls.length === 0 ? RESET_SETTINGS : `${RESET_SETTINGS}; SELECT ${calls.join(', ')}`;
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
