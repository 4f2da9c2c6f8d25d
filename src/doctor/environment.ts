import type { Config } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { type Check, error, type Finding, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

interface Place {
  shown: string;
  /** neither encrypted nor on this machine */
  plain: boolean;
  credentials: boolean;
}

const LOCAL = /^(localhost|127\..*|\[::1\]|host\.docker\.internal)$/;

/** Checks how the providers are configured. The providers themselves are not called, because calls cost money. */
export function examineProviders({ newProvider, oldProvider, providers }: Config): Finding[] {
  const named = [...providers].map(([name, provider]) => ({ name: `provider ${name}`, ...access(provider) }));
  const isOldOther = oldProvider.apiKey !== newProvider.apiKey || oldProvider.baseUrl !== newProvider.baseUrl;
  // With a configuration file, the environment need not have a provider as well.
  if (named.length > 0 && !newProvider.apiKey && !oldProvider.apiKey) return named;
  return [
    { name: 'provider', ...access(newProvider) },
    ...(isOldOther ? [{ name: 'old provider', ...access(oldProvider) }] : []),
    ...named,
  ];
}

function access({ apiKey, baseUrl, keyVariable, addressSetting }: ProviderAccess): Verdict {
  const where = placeOf(baseUrl);
  if (where === undefined)
    return error(
      `${addressSetting} is not an http or https address`,
      `set ${addressSetting} to one such as https://api.openai.com/v1, or leave it out`,
    );
  if (where.credentials)
    return error(
      `${addressSetting} contains a user or password, which cannot be sent`,
      `remove them, and put the secret into ${keyVariable}`,
    );
  const finding = `${keyVariable} is ${apiKey ? 'set' : 'not set'}, base URL ${where.shown}`;
  if (!apiKey) return warn(finding, `set ${keyVariable} where the worker runs; any value works for a server without authentication`);
  if (where.plain) return warn(`${finding}: key and texts are sent unencrypted`, 'use https');
  return ok(finding);
}

/** Returns an address without user, password and query string, which may be secret. */
function placeOf(baseUrl: string | undefined): Place | undefined {
  if (baseUrl === undefined) return { shown: 'of OpenAI', plain: false, credentials: false };
  if (!URL.canParse(baseUrl)) return undefined;
  const { protocol, host, hostname, pathname, username, password } = new URL(baseUrl);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return {
    shown: `${protocol}//${host}${pathname}`,
    plain: protocol === 'http:' && !LOCAL.test(hostname),
    credentials: username + password !== '',
  };
}

const model: Check = {
  name: 'model',
  needsSchema: true,
  async run({ db, config }) {
    const { rows } = await db.query<{ name: string; provider: string }>(
      `SELECT DISTINCT o.name, o.provider_model AS provider FROM reembed.vector_column AS v JOIN reembed.model AS o ON o.name = v.model WHERE v.role = 'new' ORDER BY 1`,
    );
    if (rows.length === 0) return [];
    const names = [...new Set(rows.flatMap(({ name, provider }) => [name, provider]))];
    if (config.model === undefined || names.includes(config.model))
      return ok(`campaigns embed with ${listed(rows.map(({ name }) => name))}`);
    return await otherModel(db, config.model, names);
  },
};

async function otherModel(db: Queryable, wanted: string, names: string[]): Promise<Verdict> {
  const { rows } = await db.query<{ running: boolean }>(
    `SELECT EXISTS (SELECT FROM reembed.campaign WHERE phase <> 'contract') AS running`,
  );
  const finding = `EMBED_MODEL is ${wanted}, but campaigns embed with ${listed(names)}, and workers refuse to start`;
  return rows[0]?.running
    ? error(finding, 'correct EMBED_MODEL where the worker runs')
    : warn(finding, `correct EMBED_MODEL, or create a campaign: npm run migrate create -- --table … --to ${wanted}`);
}

const modelProviders: Check = {
  name: 'providers of models',
  needsSchema: true,
  async run({ db, config }) {
    const { rows } = await db.query<{ model: string; provider: string }>(
      `SELECT DISTINCT o.name AS model, o.provider FROM reembed.vector_column AS v JOIN reembed.model AS o ON o.name = v.model
        WHERE v.is_maintained AND o.provider IS NOT NULL ORDER BY 1`,
    );
    const unknown = rows.filter(({ provider }) => !config.providers.has(provider));
    if (unknown.length === 0) return [];
    return error(
      `reembed.config has no provider ${listed([...new Set(unknown.map(({ provider }) => provider))])}, which ${listed(unknown.map(({ model }) => model))} needs`,
      'add it to reembed.config.ts, .js or .json where the worker runs, or: SELECT reembed.set_provider(MODEL, PROVIDER)',
    );
  },
};

/** Checks of the environment against the database. */
export const environmentChecks: Check[] = [model, modelProviders];
