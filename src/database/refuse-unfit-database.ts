import { ReembedError } from '../errors.ts';
import type { Queryable } from './connection.ts';

/** Thrown when the database does not store its texts as UTF-8. */
export class EncodingNotUtf8 extends ReembedError {
  constructor(encoding: string) {
    super(
      'encoding_not_utf8',
      `the encoding of this database is ${encoding}: ${encoding === 'SQL_ASCII' ? 'its texts may hold any bytes, which a model would be sent as question marks' : 'what a provider answers may not fit into it'}`,
      'pg-reembed needs UTF8: copy the database with pg_dump into one made with ENCODING UTF8 TEMPLATE template0; nothing was changed',
    );
  }
}

/** Thrown when backslashes in string constants are escapes, so that the statements of the toolkit would mean something else. */
export class NonStandardStrings extends ReembedError {
  constructor(role: string, database: string) {
    super(
      'non_standard_strings',
      'standard_conforming_strings is off for this role, so backslashes in SQL would be read as escapes',
      `for this role alone: ALTER ROLE ${role} IN DATABASE ${database} SET standard_conforming_strings = on; other roles may keep it off; nothing was changed`,
    );
  }
}

/** @throws EncodingNotUtf8, NonStandardStrings */
export async function refuseUnfitDatabase(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ encoding: string; strings: string; role: string; database: string }>(
    `SELECT pg_catalog.current_setting('server_encoding') AS encoding, pg_catalog.current_setting('standard_conforming_strings') AS strings,
            pg_catalog.quote_ident(current_user) AS role, pg_catalog.quote_ident(pg_catalog.current_database()) AS database`,
  );
  const { encoding = 'UTF8', strings = 'on', role = '', database = '' } = rows[0] ?? {};
  if (encoding !== 'UTF8') throw new EncodingNotUtf8(encoding);
  if (strings !== 'on') throw new NonStandardStrings(role, database);
}
