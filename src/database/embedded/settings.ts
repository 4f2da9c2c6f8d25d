/** Settings of one session, by name. */
export type Settings = [name: string, value: string][];

/** Puts the one backend back to the settings it started with; it started without a login, so there is none to RESET to. */
export const RESET_SETTINGS = 'SET SESSION AUTHORIZATION postgres; RESET ROLE; RESET ALL';

// SET LOCAL and SET TRANSACTION end with their transaction, which nobody else can enter.
const CHANGES_SETTINGS =
  /(?:^|;|\*\/)\s*(?:--[^\n]*\n\s*)*(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|discard)\b|\bset_config\s*\(/i;
const NAMES_CUSTOM_SETTING = /\b(?:set\s+(?:session\s+)?|set_config\s*\(\s*')("?[a-z_]\w*"?\."?\w+)/gi;

// These end the session from a timer. The backend has no process to end, so it would spin for ever instead.
const TIMERS = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout'];
const NAMES_TIMER = new RegExp(`\\b(?:${TIMERS.join('|')})\\b`, 'i');

/** Stops the timers that would hang the backend. */
export const STOP_TIMERS = TIMERS.map((name) => `SET ${name} = 0`).join('; ');

export function namesTimer(sql: string): boolean {
  return NAMES_TIMER.test(sql);
}

/** True when the statements may leave settings behind that other sessions must not see. */
export function changesSettings(sql: string): boolean {
  return CHANGES_SETTINGS.test(sql);
}

/** Names like `app.actor`, which pg_settings does not list. */
export function customSettings(sql: string): string[] {
  return [...sql.matchAll(NAMES_CUSTOM_SETTING)].map((match) => (match[1] ?? '').replaceAll('"', '').toLowerCase());
}

/** What a client asks for when it connects: its own parameters and those in `options`. */
export function startupSettings(parameters: Map<string, string>): Settings {
  const settings: Settings = [];
  for (const word of (parameters.get('options') ?? '').replace(/(^|\s)-c\s*/g, '$1--').match(/(?:\\.|\S)+/g) ?? []) {
    const option = /^--([\w.-]+)=(.*)$/s.exec(word.replace(/\\(.)/g, '$1'));
    if (option) settings.push([(option[1] ?? '').replaceAll('-', '_'), option[2] ?? '']);
  }
  for (const [name, value] of parameters) {
    if (!['user', 'database', 'options', 'replication'].includes(name) && !name.startsWith('_pq_.')) settings.push([name, value]);
  }
  // There is one user who can start the backend; a session of another role becomes that role.
  const user = parameters.get('user') ?? 'postgres';
  if (user !== 'postgres') settings.push(['session_authorization', user]);
  return settings.filter(([name]) => !TIMERS.includes(name));
}

/** SQL that lists what a session has set, as name and value. */
export function captureSql(custom: Iterable<string>): string {
  const names = [...custom, 'session_authorization', 'role'].map(literal).join(', ');
  return `SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'
    UNION ALL
    SELECT name, pg_catalog.current_setting(name, true) FROM pg_catalog.unnest(ARRAY[${names}]) AS name`;
}

/** Reads the answer to captureSql. */
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

/** SQL that brings the backend to these settings, whatever it has now. Equal settings give equal SQL. */
export function restoreSql(settings: Settings): string {
  // The role comes last: it may not be allowed to set the others.
  const rank = (name: string) => ['session_authorization', 'role'].indexOf(name);
  const sorted = settings.toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const calls = sorted.map(([name, value]) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`);
  return calls.length === 0 ? RESET_SETTINGS : `${RESET_SETTINGS}; SELECT ${calls.join(', ')}`;
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
