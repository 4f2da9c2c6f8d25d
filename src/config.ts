import { type Configured, type QuerySet, readConfigFile } from './config-file.ts';
import { namedDatabase } from './database/address.ts';
import type { RequestLimits } from './embedding/pack.ts';
import { usualLimits } from './embedding/request-limits.ts';
import { UsageError } from './errors.ts';
import { loadEnvFile } from './load-env-file.ts';
import type { ProviderAccess } from './provider-access.ts';
import { learnPassword, learnSecrets } from './secrets.ts';

/** All settings from the environment, in one place. */
export interface Config {
  /** connection string of the server; undefined: the embedded database */
  databaseUrl: string | undefined;
  /** the environment variables that name the database; none if it is the embedded database by default */
  databaseVariables: string[];
  /** address of the server itself, if DATABASE_URL names a pooler */
  directUrl: string | undefined;
  embeddedDirectory: string;
  migrationsDirectory: string;
  model: string | undefined;
  dimensions: number | undefined;
  oldModel: string | undefined;
  /** providers of the environment, for a new and for an old model that names no other */
  newProvider: ProviderAccess;
  oldProvider: ProviderAccess;
  /** providers of the configuration file, which models name */
  providers: Map<string, ProviderAccess>;
  /** query sets of the configuration file, for validate --set */
  sets: Map<string, QuerySet>;
  requestTimeoutSeconds: number;
  patienceSeconds: number;
  /** number of batches of each target processed in parallel in a process */
  concurrency: number;
  /** maximum number of concurrent requests per model in a process */
  mostInFlight: number;
  /** maximum number of database connections of a worker process */
  connections: number;
  /** maximum memory of an index build, in PostgreSQL's notation */
  indexMemory: string | undefined;
  /** number of parallel workers of an index build */
  indexWorkers: number | undefined;
  /** maximum number of texts in a provider batch */
  batchApiInputs: number;
  /** maximum number of open provider batches, over all workers */
  batchApiOpen: number;
  /** address to which the watch posts alerts; may contain a secret */
  alertWebhook: string | undefined;
  /** access to a Chroma server, where the address of a collection does not say it */
  chroma: { apiKey: string | undefined; tenant: string | undefined; database: string | undefined };
  /** chat model that judges; undefined: none */
  judge: JudgeConfig | undefined;
}

/** A chat model for `validate`. */
export interface JudgeConfig {
  model: string;
  /** name of its provider in the configuration file; undefined: that of the environment */
  provider: string | undefined;
  access: ProviderAccess;
  /** US dollars per million tokens; null where it is not known */
  price: { input: number; output: number } | null;
}

/**
 * Reads the configuration from the environment, and from `.env` and `reembed.config.*` in the working directory, if they exist.
 *
 * @throws UsageError for an invalid number or address, a faulty configuration file, or when the database is not named clearly
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const isOwn = env === process.env;
  if (isOwn) loadEnvFile();
  learnSecretsOf(env);
  const database = namedDatabase(env);
  const limits = requestLimits(env);
  const { providers, sets }: Configured = isOwn ? readConfigFile(process.cwd(), env, limits) : { providers: new Map(), sets: new Map() };
  for (const { apiKey } of providers.values()) learnSecrets(apiKey);
  const newProvider = environmentProvider(env, 'OPENAI', limits);
  return {
    databaseUrl: database.url,
    databaseVariables: database.variables,
    directUrl: text(env, 'DATABASE_DIRECT_URL'),
    embeddedDirectory: text(env, 'REEMBED_DIR') ?? '.reembed',
    migrationsDirectory: text(env, 'REEMBED_MIGRATIONS') ?? 'migrations',
    model: text(env, 'EMBED_MODEL'),
    dimensions: wholeNumber(env, 'EMBED_DIMENSIONS'),
    oldModel: text(env, 'EMBED_OLD_MODEL'),
    newProvider,
    oldProvider: environmentProvider(env, 'OPENAI_OLD', limits, newProvider),
    providers,
    sets,
    requestTimeoutSeconds: wholeNumber(env, 'EMBED_TIMEOUT_SECONDS') ?? 60,
    patienceSeconds: wholeNumber(env, 'EMBED_PATIENCE_SECONDS') ?? 300,
    concurrency: wholeNumber(env, 'EMBED_CONCURRENCY') ?? 4,
    mostInFlight: wholeNumber(env, 'EMBED_MAX_IN_FLIGHT') ?? 16,
    connections: connections(env),
    indexMemory: memory(env, 'REEMBED_INDEX_MEMORY'),
    indexWorkers: text(env, 'REEMBED_INDEX_WORKERS') === '0' ? 0 : wholeNumber(env, 'REEMBED_INDEX_WORKERS'),
    // The limit of OpenAI.
    batchApiInputs: wholeNumber(env, 'EMBED_BATCH_API_INPUTS') ?? 50_000,
    batchApiOpen: wholeNumber(env, 'EMBED_BATCH_API_OPEN') ?? 20,
    alertWebhook: webAddress(env, 'REEMBED_ALERT_WEBHOOK'),
    chroma: { apiKey: text(env, 'CHROMA_API_KEY'), tenant: text(env, 'CHROMA_TENANT'), database: text(env, 'CHROMA_DATABASE') },
    judge: judgeConfig(env, limits, newProvider),
  };
}

/** Where JUDGE_BASE_URL names an address, only JUDGE_API_KEY is sent to it: the key of another provider does not belong there. */
function judgeConfig(env: NodeJS.ProcessEnv, limits: Partial<RequestLimits>, newProvider: ProviderAccess): JudgeConfig | undefined {
  const model = text(env, 'JUDGE_MODEL');
  if (model === undefined) return undefined;
  const other = text(env, 'JUDGE_BASE_URL') === undefined ? newProvider : undefined;
  return { model, provider: text(env, 'JUDGE_PROVIDER'), access: environmentProvider(env, 'JUDGE', limits, other), price: judgePrice(env) };
}

function judgePrice(env: NodeJS.ProcessEnv): JudgeConfig['price'] {
  const value = text(env, 'JUDGE_PRICE');
  if (value === undefined) return null;
  const [, input, output] = /^(\d+(?:\.\d+)?)(?:\s*,\s*(\d+(?:\.\d+)?))?$/.exec(value) ?? [];
  if (input === undefined)
    throw new UsageError(
      `JUDGE_PRICE must be US dollars per million tokens of input and output, not "${value}"`,
      'set JUDGE_PRICE in .env, such as 0.15,0.60',
    );
  return { input: Number(input), output: Number(output ?? input) };
}

/** The provider that variables with a prefix define; what they leave out is that of another provider. */
function environmentProvider(
  env: NodeJS.ProcessEnv,
  prefix: string,
  limits: Partial<RequestLimits>,
  other?: ProviderAccess,
): ProviderAccess {
  const baseUrl = text(env, `${prefix}_BASE_URL`) ?? other?.baseUrl;
  return {
    apiKey: text(env, `${prefix}_API_KEY`) ?? other?.apiKey,
    baseUrl,
    keyVariable: `${prefix}_API_KEY`,
    addressSetting: `${prefix}_BASE_URL`,
    limits: { ...usualLimits(baseUrl), ...limits },
    parameters: { document: {}, query: {} },
  };
}

function requestLimits(env: NodeJS.ProcessEnv): Partial<RequestLimits> {
  const inputs = wholeNumber(env, 'EMBED_REQUEST_INPUTS');
  const tokens = wholeNumber(env, 'EMBED_REQUEST_TOKENS');
  return { ...(inputs === undefined ? {} : { inputs }), ...(tokens === undefined ? {} : { tokens }) };
}

/** Called before anything else is read, so that no error message shows a secret. */
function learnSecretsOf(env: NodeJS.ProcessEnv): void {
  learnSecrets(
    text(env, 'OPENAI_API_KEY'),
    text(env, 'OPENAI_OLD_API_KEY'),
    text(env, 'JUDGE_API_KEY'),
    text(env, 'PGPASSWORD'),
    text(env, 'CHROMA_API_KEY'),
  );
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'OPENAI_BASE_URL', 'OPENAI_OLD_BASE_URL', 'JUDGE_BASE_URL'])
    learnPassword(text(env, name));
  const webhook = text(env, 'REEMBED_ALERT_WEBHOOK');
  const url = webhook === undefined ? undefined : URL.parse(webhook);
  // The path of a webhook address is usually its secret.
  learnSecrets(webhook, url?.pathname, url?.search, url?.username, url?.password);
}

function text(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`${name} must be a whole number above 0, not "${value}"`, `set ${name} in .env`);
  return Number(value);
}

/** With fewer, jobs of different targets would wait for each other until they time out. */
const FEWEST_CONNECTIONS = 8;

function connections(env: NodeJS.ProcessEnv): number {
  const value = wholeNumber(env, 'REEMBED_CONNECTIONS') ?? 16;
  if (value >= FEWEST_CONNECTIONS) return value;
  throw new UsageError(`REEMBED_CONNECTIONS must be at least ${FEWEST_CONNECTIONS}, not ${value}`, 'set REEMBED_CONNECTIONS in .env');
}

function memory(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  if (value === undefined || /^[1-9]\d{0,8} ?(MB|GB|TB)$/.test(value)) return value;
  throw new UsageError(`${name} must be an amount such as 8GB, not "${value}"`, `set ${name} in .env`);
}

/** The address may contain a secret, so the error does not repeat it. */
function webAddress(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  const url = value === undefined ? undefined : URL.parse(value);
  if (value !== undefined && !/^https?:/.test(url?.protocol ?? ''))
    throw new UsageError(`${name} is not an http or https address`, `correct or unset ${name}`);
  // fetch() would reject it, but only at the first alert.
  if (url?.username || url?.password)
    throw new UsageError(`${name} contains a user or password, which cannot be sent`, `put the secret into the path or query of ${name}`);
  return value;
}
