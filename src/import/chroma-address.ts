import type { Config } from '../config.ts';
import { learnPassword, learnSecrets } from '../secrets.ts';
import { BadSource } from './import-error.ts';

const SCHEMES: Record<string, { isTls: boolean; port: number }> = {
  'chroma:': { isTls: false, port: 8000 },
  'chroma+https:': { isTls: true, port: 443 },
};
const PARAMETERS = ['tenant', 'database'];

/** A collection of a Chroma server. */
export interface ChromaAddress {
  host: string;
  port: number;
  isTls: boolean;
  tenant: string;
  database: string;
  collection: string;
  /** token or user and password */
  headers: Record<string, string>;
  /** host and port, for messages */
  server: string;
}

/**
 * Reads `chroma://[TOKEN@|USER:PASSWORD@]HOST[:PORT]/COLLECTION[?tenant=NAME&database=NAME]`; `chroma+https://` for TLS.
 *
 * @param access what the environment says where the address says nothing
 * @throws BadSource
 */
export function parseChromaAddress(source: string, access: Config['chroma']): ChromaAddress {
  const url = URL.parse(source);
  learnPassword(source);
  learnSecrets(url?.username);
  const scheme = SCHEMES[url?.protocol ?? ''];
  if (!url || !scheme) throw new BadSource(`it does not begin with ${Object.keys(SCHEMES).join('// or ')}//`);
  if (!url.hostname) throw new BadSource('it names no host');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw new BadSource(`its parameters are ${PARAMETERS.join(' and ')}`);
  if (url.hash) throw new BadSource('a # in it must be written as %23');
  const collection = decoded(url.pathname.slice(1));
  if (collection === '' || collection.includes('/')) throw new BadSource('it names no collection');
  const port = Number(url.port || scheme.port);
  return {
    host: url.hostname,
    port,
    isTls: scheme.isTls,
    tenant: url.searchParams.get('tenant') ?? access.tenant ?? 'default_tenant',
    database: url.searchParams.get('database') ?? access.database ?? 'default_database',
    collection,
    headers: loginHeaders(decoded(url.username), decoded(url.password), access.apiKey),
    server: `${url.hostname}:${port}`,
  };
}

function loginHeaders(user: string, password: string, apiKey: string | undefined): Record<string, string> {
  if (password !== '') return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  const token = user === '' ? apiKey : user;
  return token === undefined ? {} : { 'x-chroma-token': token };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadSource('a % in it must be written as %25');
  }
}
