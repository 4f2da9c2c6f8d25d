import { existsSync } from 'node:fs';
import { usualLimits } from './embedding/request-limits.ts';
import { UsageError } from './errors.ts';
import { learnPassword, learnSecrets } from './secrets.ts';

/** How to reach the provider of one model. Read from the environment, never stored in the database. */
export interface ProviderAccess {
  apiKey: string | undefined;
  baseUrl: string | undefined;
}

/** Everything that comes from the environment, in one place. */
export interface Config {
  databaseUrl: string | undefined;
  /** the server itself, where DATABASE_URL names a pooler */
  directUrl: string | undefined;
  embeddedDirectory: string;
  migrationsDirectory: string;
  model: string | undefined;
  dimensions: number | undefined;
  oldModel: string | undefined;
  newProvider: ProviderAccess;
  oldProvider: ProviderAccess;
  /** texts and tokens of one request; where nothing is said, what suits the provider of the new model */
  requestInputs: number;
  requestTokens: number;
  requestTimeoutSeconds: number;
  patienceSeconds: number;
  /** batches worked at the same time in a process */
  concurrency: number;
  /** most requests of a model under way at the same time in a process */
  mostInFlight: number;
  /** most memory an index build may use, as PostgreSQL writes it */
  indexMemory: string | undefined;
  /** parallel workers of an index build */
  indexWorkers: number | undefined;
  /** most texts of one batch that is given to the batch API */
  batchApiInputs: number;
  /** most batches there at the same time, over all workers */
  batchApiOpen: number;
  /** where the watch posts alerts to; may hold a secret */
  alertWebhook: string | undefined;
}

/**
 * Reads the configuration from the environment and, where it exists, from `.env` in the working directory.
 *
 * @throws UsageError when a number is not one, the address of the webhook is none, or DATABASE_URL is set but empty
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  if (env === process.env && existsSync('.env')) process.loadEnvFile('.env');
  learnSecretsOf(env);
  const newProvider = { apiKey: text(env, 'OPENAI_API_KEY'), baseUrl: text(env, 'OPENAI_BASE_URL') };
  const usual = usualLimits(newProvider.baseUrl);
  return {
    databaseUrl: databaseUrl(env),
    directUrl: text(env, 'DATABASE_DIRECT_URL'),
    embeddedDirectory: text(env, 'REEMBED_DIR') ?? '.reembed',
    migrationsDirectory: text(env, 'REEMBED_MIGRATIONS') ?? 'migrations',
    model: text(env, 'EMBED_MODEL'),
    dimensions: wholeNumber(env, 'EMBED_DIMENSIONS'),
    oldModel: text(env, 'EMBED_OLD_MODEL'),
    newProvider,
    oldProvider: {
      apiKey: text(env, 'OPENAI_OLD_API_KEY') ?? newProvider.apiKey,
      baseUrl: text(env, 'OPENAI_OLD_BASE_URL') ?? newProvider.baseUrl,
    },
    requestInputs: wholeNumber(env, 'EMBED_REQUEST_INPUTS') ?? usual.inputs,
    requestTokens: wholeNumber(env, 'EMBED_REQUEST_TOKENS') ?? usual.tokens,
    requestTimeoutSeconds: wholeNumber(env, 'EMBED_TIMEOUT_SECONDS') ?? 60,
    patienceSeconds: wholeNumber(env, 'EMBED_PATIENCE_SECONDS') ?? 300,
    concurrency: wholeNumber(env, 'EMBED_CONCURRENCY') ?? 4,
    mostInFlight: wholeNumber(env, 'EMBED_MAX_IN_FLIGHT') ?? 16,
    indexMemory: memory(env, 'REEMBED_INDEX_MEMORY'),
    indexWorkers: text(env, 'REEMBED_INDEX_WORKERS') === '0' ? 0 : wholeNumber(env, 'REEMBED_INDEX_WORKERS'),
    // What OpenAI takes.
    batchApiInputs: wholeNumber(env, 'EMBED_BATCH_API_INPUTS') ?? 50_000,
    batchApiOpen: wholeNumber(env, 'EMBED_BATCH_API_OPEN') ?? 20,
    alertWebhook: webAddress(env, 'REEMBED_ALERT_WEBHOOK'),
  };
}

/** Before anything is read, so that no refusal shows one of them. */
function learnSecretsOf(env: NodeJS.ProcessEnv): void {
  learnSecrets(text(env, 'OPENAI_API_KEY'), text(env, 'OPENAI_OLD_API_KEY'), text(env, 'PGPASSWORD'));
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'OPENAI_BASE_URL', 'OPENAI_OLD_BASE_URL']) learnPassword(text(env, name));
  const webhook = text(env, 'REEMBED_ALERT_WEBHOOK');
  const url = webhook === undefined ? undefined : URL.parse(webhook);
  // The path of a webhook is what its receiver knows us by.
  learnSecrets(webhook, url?.pathname, url?.search, url?.username, url?.password);
}

/** An empty secret must not lead to a database of its own that nobody asked for. */
function databaseUrl(env: NodeJS.ProcessEnv): string | undefined {
  if (env.DATABASE_URL !== undefined && env.DATABASE_URL.trim() === '')
    throw new UsageError(
      'DATABASE_URL is set but empty',
      'set it to the address of the database, or unset it to use the embedded database',
    );
  return text(env, 'DATABASE_URL');
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

function memory(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  if (value === undefined || /^[1-9]\d{0,8} ?(MB|GB|TB)$/.test(value)) return value;
  throw new UsageError(`${name} must be an amount such as 8GB, not "${value}"`, `set ${name} in .env`);
}

/** It may hold a secret, so the refusal does not repeat it. */
function webAddress(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  const url = value === undefined ? undefined : URL.parse(value);
  if (value !== undefined && !/^https?:/.test(url?.protocol ?? ''))
    throw new UsageError(`${name} is not an http or https address`, `correct ${name}, or leave it out`);
  // fetch() would refuse it, at the first alert.
  if (url?.username || url?.password)
    throw new UsageError(`${name} has user and password in it, which cannot be sent`, `put the secret of ${name} into its path or query`);
  return value;
}
