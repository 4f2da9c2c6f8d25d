import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type pg from 'pg';

/** The dump of a fresh installation that is under version control, for reviews. */
export const SCHEMA_FILE = new URL('../schema.sql', import.meta.url);

/** Version of PostgreSQL whose dump it is. Other versions write the same schema differently. */
export const SCHEMA_POSTGRES = 17;

const run = promisify(execFile);
const MUCH = 64 * 1024 * 1024;

/** The first line of the file. */
export function headOfSchema(): string {
  const boss = JSON.parse(readFileSync(new URL('../../node_modules/pg-boss/package.json', import.meta.url), 'utf8')) as {
    version: string;
    pgboss: { schema: number };
  };
  return `-- What migrate up installs, without bodies of functions: PostgreSQL ${SCHEMA_POSTGRES}, pg-boss ${boss.version} (schema ${boss.pgboss.schema}). Written by npm run schema.`;
}

/** Major version of a server. */
export async function majorOf(db: Pick<pg.Pool, 'query'>): Promise<number> {
  const { rows } = await db.query<{ major: number }>("SELECT current_setting('server_version_num')::integer / 10000 AS major");
  return rows[0]?.major ?? 0;
}

/**
 * Dumps schemas reembed and reembed_queue of a database with pg_dump, which is the command in TEST_PG_DUMP or the one in PATH.
 *
 * @throws Error when there is no pg_dump of the server's major version
 */
export async function dumpSchema(url: string): Promise<string> {
  const args = [
    '--schema-only',
    '--no-owner',
    '--schema=reembed',
    '--schema=reembed_queue',
    // Partitions that appear and disappear with the calendar.
    '--exclude-table=reembed_queue.queue_stats_[0-9]*',
    `--dbname=${url}`,
  ];
  // Words of the command, then ours as arguments, so that the shell expands none of them.
  const shell = ['-c', `exec ${process.env.TEST_PG_DUMP ?? 'pg_dump'} "$@"`, 'pg_dump', ...args];
  const { stdout } = await run('sh', shell, { maxBuffer: MUCH }).catch((error: Error & { stderr?: string }) => {
    const example = `TEST_PG_DUMP='bash .ci/postgres run ${SCHEMA_POSTGRES} pg_dump'`;
    throw new Error(`pg_dump ${SCHEMA_POSTGRES} is needed, in PATH or as in ${example}: ${error.stderr ?? error.message}`);
  });
  return `${headOfSchema()}\n\n${statementsOf(stdout).join('\n\n')}\n`;
}

/**
 * The statements of a dump. The text before the first object, with the versions of the programs and settings of the session, and the
 * comment before each object are left out. So are bodies of functions: they are in sql/ and migrations/ word for word, where a review reads
 * them; repeated here they would make up two thirds of the file and hide a changed column or privilege.
 */
function statementsOf(dump: string): string[] {
  const [, ...parts] = dump.split(/^--\n-- Name: .*; Type: (.*); Schema: .*\n--\n/m);
  const statements: string[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const [type = '', text = ''] = [parts[i], parts[i + 1]];
    const statement = text
      .replace(/^--\n-- PostgreSQL database dump complete\n--\n[\s\S]*/m, '')
      .replace(/^SET default_.*\n/gm, '')
      .trim();
    statements.push(/^(FUNCTION|PROCEDURE)$/.test(type) ? statement.replace(/\n {4}(AS|RETURN|BEGIN ATOMIC)\b[\s\S]*$/, ';') : statement);
  }
  return statements;
}
