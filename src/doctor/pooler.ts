import type { Queryable } from '../database/connection.ts';
import { translateDatabaseError } from '../database/database-error.ts';
import { settleTls } from '../database/preferred-tls.ts';
import { examineRoute, withClient } from '../database/session.ts';
import { ReembedError } from '../errors.ts';
import { type Check, error, ok, type Verdict, warn } from './check.ts';

const APPLICATION = 'pg-reembed doctor';
const REMEDY = 'set DATABASE_DIRECT_URL to the server itself, or to a pool in session mode';

const pooler: Check = {
  name: 'pooler',
  needsServer: true,
  async run({ url, config }) {
    const { route } = await withClient(url, APPLICATION, (client) => examineRoute(client, url));
    if (route === 'direct') return ok('connected to the server itself');
    if (route === 'session pooler') return ok('connected through a pooler in session mode');
    const finding = 'connected through a pooler in transaction mode';
    if (config.directUrl === undefined) return warn(`${finding}: workers may use it, migrate up and down are refused`, REMEDY);
    return ok(`${finding}; migrate up and down use DATABASE_DIRECT_URL`);
  },
};

const directAddress: Check = {
  name: 'direct address',
  needsServer: true,
  async run({ db, config }) {
    if (config.directUrl === undefined) return ok('DATABASE_DIRECT_URL is not set: migrate up and down use DATABASE_URL');
    const here = await identify(db);
    const directUrl = await settleTls(config.directUrl);
    try {
      return await withClient(directUrl, APPLICATION, async (client): Promise<Verdict> => {
        if ((await identify(client)) !== here)
          return error('DATABASE_DIRECT_URL names another database than DATABASE_URL', 'set both to the same database');
        const { route } = await examineRoute(client, directUrl);
        if (route === 'transaction pooler')
          return error('DATABASE_DIRECT_URL names a pooler in transaction mode: migrate up and down are refused', REMEDY);
        return ok('DATABASE_DIRECT_URL is set, and keeps sessions');
      });
    } catch (thrown) {
      const known = translateDatabaseError(thrown, directUrl, 'DATABASE_DIRECT_URL');
      if (!(known instanceof ReembedError)) throw thrown;
      return error(`DATABASE_DIRECT_URL: ${known.message}`, known.remedy);
    }
  },
};

/** Identifies a database. Databases with the same name on different servers differ. */
async function identify(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ identity: string }>(
    `SELECT format('%s/%s', extract(epoch FROM pg_postmaster_start_time()), oid) AS identity FROM pg_database WHERE datname = current_database()`,
  );
  return rows[0]?.identity ?? '';
}

/** Checks of the connection route to the server. */
export const poolerChecks: Check[] = [pooler, directAddress];
