import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { lilconfigSync } from 'lilconfig';
import { z } from 'zod';
import { usualLimits } from './embedding/request-limits.ts';
import { messageOf, UsageError } from './errors.ts';
import type { ProviderAccess } from './provider-access.ts';

const PLACES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map((extension) => `reembed.config.${extension}`);
// What the toolkit itself decides for each request; encoding_format may be fixed, because some providers accept one value only.
const OURS = ['model', 'input', 'dimensions'];

const parameters = z
  .record(z.string(), z.json())
  .refine((given) => !OURS.some((name) => name in given), `${OURS.join(', ')} belong to the model, not to the provider`)
  .refine(
    ({ encoding_format }) => encoding_format === undefined || encoding_format === 'float' || encoding_format === 'base64',
    'encoding_format is float or base64',
  );
const limit = z.int().min(1);
const provider = z.strictObject({
  baseUrl: z.string().refine(isPlainAddress, 'must be an http or https address without user and password').optional(),
  // Never echoes the value: a key may stand where its variable belongs.
  keyVariable: z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of the environment variable that holds the key'),
  documents: parameters.default({}),
  queries: parameters.default({}),
  inputs: limit.optional(),
  tokens: limit.optional(),
});
const named = z.string().regex(/\S/);
const several = z.union([named.transform((name) => [name]), z.array(named).min(1)]);
const querySet = z.strictObject({
  queries: named,
  judgements: named.optional(),
  judgementColumn: named.optional(),
  groupBy: named.optional(),
  sliceBy: several.optional(),
  filters: several.optional(),
  k: limit.max(999_999_999).optional(),
  sample: limit.max(999_999_999).optional(),
  seed: limit.max(999_999_999).optional(),
});
const file = z
  .strictObject({ providers: z.record(named, provider).optional(), sets: z.record(named, querySet).optional() })
  .refine(({ providers, sets }) => providers !== undefined || sets !== undefined, 'must have providers or sets');

/** The default export of `reembed.config.ts`, `.js` or `.json`. */
export type ConfigFile = z.input<typeof file>;

/** A saved set of queries for `validate --set`; its files are relative to the working directory. */
export type QuerySet = z.output<typeof querySet>;

/** What a configuration file says, each by name; empty without a file. */
export interface Configured {
  providers: Map<string, ProviderAccess>;
  sets: Map<string, QuerySet>;
}

/**
 * Reads the configuration file of a directory, if it has one.
 *
 * @param limits limits of a request that the environment sets for every provider
 * @throws UsageError when the file cannot be loaded, or has an unknown or wrong property
 */
export function readConfigFile(directory: string, env: NodeJS.ProcessEnv, limits: Partial<ProviderAccess['limits']>): Configured {
  const found = load(directory);
  if (!found) return { providers: new Map(), sets: new Map() };
  const name = basename(found.filepath);
  const { data, error } = file.safeParse(found.config);
  const [issue] = error?.issues ?? [];
  if (issue) throw new UsageError(`${name}: ${issue.path.join('.') || 'its default export'}: ${issue.message}`, `correct ${name}`);
  const providers = new Map(
    Object.entries(data?.providers ?? {}).map(([provider, { baseUrl, keyVariable, documents, queries, inputs, tokens }]) => {
      const usual = usualLimits(baseUrl);
      const access: ProviderAccess = {
        baseUrl,
        apiKey: env[keyVariable]?.trim() || undefined,
        keyVariable,
        addressSetting: `baseUrl of ${provider} in ${name}`,
        limits: { inputs: inputs ?? limits.inputs ?? usual.inputs, tokens: tokens ?? limits.tokens ?? usual.tokens },
        parameters: { document: documents, query: queries },
      };
      return [provider, access];
    }),
  );
  return { providers, sets: new Map(Object.entries(data?.sets ?? {})) };
}

function load(directory: string) {
  // Node runs TypeScript and modules as they are.
  const required = (path: string) => {
    const loaded = createRequire(path)(path);
    return loaded.default ?? loaded;
  };
  const loaders = Object.fromEntries(['.ts', '.mts', '.js', '.mjs', '.cjs'].map((extension) => [extension, required]));
  try {
    return lilconfigSync('reembed', { searchPlaces: PLACES, stopDir: directory, loaders }).search(directory);
  } catch (error) {
    throw new UsageError(
      `reembed.config cannot be loaded: ${messageOf(error)}`,
      `correct it; it exports { providers: { NAME: { baseUrl, keyVariable } }, sets: { NAME: { queries } } }`,
    );
  }
}

function isPlainAddress(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
}
