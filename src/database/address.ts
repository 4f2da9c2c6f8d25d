import pg from 'pg';
import { UsageError } from '../errors.ts';
import { isCi } from '../interactive.ts';

/** Value of DATABASE_URL that selects the embedded database. */
export const EMBEDDED = 'embedded:';

/** The variables of libpq that name a server or a database; the driver itself reads PGUSER, PGPASSWORD and PGSSLMODE. */
const OF_LIBPQ = ['PGHOST', 'PGPORT', 'PGDATABASE'];

/** The database that the environment names. */
export interface NamedDatabase {
  /** connection string; undefined: the embedded database */
  url: string | undefined;
  /** the variables that name it; none if it is the embedded database by default */
  variables: string[];
}

/**
 * Reads which database to use: DATABASE_URL, else PGHOST, PGPORT and PGDATABASE, else the embedded one.
 *
 * @throws UsageError when DATABASE_URL is set but empty, or PGSERVICE alone is set; when nothing is set and CI is true, because the embedded
 * database of a CI job is thrown away and the job would succeed without having done anything
 */
export function namedDatabase(env: NodeJS.ProcessEnv): NamedDatabase {
  const url = env.DATABASE_URL?.trim();
  if (url === '')
    throw new UsageError(
      'DATABASE_URL is set but empty',
      'set it to the address of the database, or unset it to use the embedded database',
    );
  if (url !== undefined) return { url: url === EMBEDDED ? undefined : url, variables: ['DATABASE_URL'] };
  const variables = OF_LIBPQ.filter((name) => env[name]?.trim());
  if (variables.length > 0) return { url: urlOf(env), variables };
  if (env.PGSERVICE?.trim())
    throw new UsageError('PGSERVICE is set, but service files are not read', 'set DATABASE_URL, or PGHOST, PGPORT and PGDATABASE');
  if (isCi(env))
    throw new UsageError(
      'no database is named, and CI is set',
      `set DATABASE_URL; for an embedded database that ends with the job, DATABASE_URL=${EMBEDDED}`,
    );
  return { url: undefined, variables: [] };
}

/** Without user and password, which the driver takes from PGUSER, PGPASSWORD or ~/.pgpass. */
function urlOf({ PGHOST, PGPORT, PGDATABASE }: NodeJS.ProcessEnv): string {
  const host = encodeURIComponent(PGHOST?.trim() || 'localhost').replaceAll('%3A', ':');
  const path = PGDATABASE?.trim() ? `/${encodeURIComponent(PGDATABASE.trim())}` : '';
  return `postgres://${host.includes(':') ? `[${host}]` : host}:${PGPORT?.trim() || 5432}${path}`;
}

/**
 * Whether pg reads the text as it was meant: a URL, or the folder of a Unix socket. A password with an unescaped #, / or ? would end the
 * address early, and the rest of the password would be taken for a host or a database.
 */
export function isConnectionString(text: string): boolean {
  if (/^(socket:|\/)/.test(text)) return true;
  const url = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text.replace('@/', '@socket/')) : null;
  if (!url || url.hash || url.pathname.includes('@') || (text.includes('@') && !url.username)) return false;
  if ([...url.searchParams.keys()].some((key) => key.includes('@'))) return false;
  return [url.username, url.password, url.hostname, url.pathname].every(isDecodable);
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/**
 * Host, port and database of a connection string, as the driver reads it; never user and password.
 *
 * @param variable what to show instead if the text is no connection string
 */
export function placeOf(url: string, variable = 'DATABASE_URL'): string {
  try {
    if (!isConnectionString(url)) return variable;
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `${host.includes(':') ? `[${host}]` : host}:${port}/${database ?? ''}`;
  } catch {
    return variable;
  }
}
