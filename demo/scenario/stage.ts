import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { toSql } from 'pgvector';
import { openEmbedded } from '../../src/database/embedded.ts';
import type { Gloss, JudgedQuery } from '../corpus.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export const OLD = { name: 'use-lite', dimensions: 512 };
export const NEW = { name: 'all-minilm-l6-v2', dimensions: 384 };
export const SCHEMA = 'reembed_demo';
export const TABLE = `${SCHEMA}.glosses`;

/** The environment of the demo: a database, a folder for its migration files, and the commands that a user would type. */
export interface Stage {
  pool: pg.Pool;
  embedded: boolean;
  folder: string;
  /** runs `reembed …` and returns its stdout; throws when the exit code is not `expected`, or the demo is stopped meanwhile */
  reembed(args: string[], expected?: number, options?: { evenIfStopped?: boolean }): Promise<string>;
  /** starts `reembed worker`; the returned function stops it after the current batch */
  startWorker(): () => Promise<void>;
  close(): Promise<void>;
}

/** A command of the toolkit ended with an unexpected exit code. */
export class StoryBroken extends Error {}

/** Options of openStage(). */
interface StageOptions {
  /** use the server of DATABASE_URL; otherwise a new embedded database of the demo's own */
  onDatabaseUrl: boolean;
  /** ends every command */
  signal: AbortSignal;
}

/**
 * Opens the database and creates an empty folder.
 *
 * @param providerUrl base URL of the embedding server
 */
export async function openStage(providerUrl: string, { onDatabaseUrl, signal }: StageOptions): Promise<Stage> {
  const databaseUrl = onDatabaseUrl ? process.env.DATABASE_URL : undefined;
  if (onDatabaseUrl && !databaseUrl) throw new Error('--on-database-url needs DATABASE_URL');
  const folder = mkdtempSync(join(tmpdir(), 'reembed-demo-'));
  const directory = join(folder, 'database');
  mkdirSync(directory, { recursive: true });
  const embedded = databaseUrl ? undefined : await openEmbedded({ directory });
  const pool = new pg.Pool({ connectionString: databaseUrl ?? embedded?.url, max: 6 });
  pool.on('error', () => {});
  // The user's own campaigns, models and webhook must not affect the demo, nor options that npm passes on.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(REEMBED|EMBED|OPENAI|npm_config)_/.test(name) && (onDatabaseUrl || !/^(DATABASE_|PG)/.test(name)),
  );
  const env = {
    ...Object.fromEntries(inherited),
    ...(databaseUrl ? {} : { DATABASE_URL: 'embedded:', REEMBED_DIR: directory }),
    OPENAI_BASE_URL: providerUrl,
    OPENAI_API_KEY: 'any-word',
    EMBED_MODEL: NEW.name,
    EMBED_DIMENSIONS: String(NEW.dimensions),
    EMBED_OLD_MODEL: OLD.name,
    EMBED_REQUEST_INPUTS: '64',
    EMBED_CONCURRENCY: '2',
    NODE_NO_WARNINGS: '1',
  };
  return {
    pool,
    embedded: embedded !== undefined,
    folder,
    reembed: (args, expected = 0, { evenIfStopped = false } = {}) =>
      runCommand(args, expected, { env, cwd: folder, ...(evenIfStopped ? {} : { signal }) }),
    startWorker() {
      const child = spawn(process.execPath, [CLI, 'worker'], { cwd: folder, env, stdio: 'ignore', detached: true });
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
      return () => {
        child.kill('SIGTERM');
        return ended;
      };
    },
    async close() {
      await pool.end();
      await embedded?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface CommandOptions {
  env: NodeJS.ProcessEnv;
  cwd: string;
  signal?: AbortSignal;
}

function runCommand(args: string[], expected: number, options: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // Detached: Ctrl-C reaches only the demo, which then ends its commands itself.
    const child = spawn(process.execPath, [CLI, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', (error) => {
      // A command that is ended may still hold locks until it has closed.
      if (error.name !== 'AbortError') reject(error);
    });
    child.on('close', (code) => {
      if (code === expected) resolve(stdout);
      else reject(new StoryBroken(`reembed ${args.join(' ')} ended with ${code} instead of ${expected}:\n${stdout}${stderr}`));
    });
  });
}

/** Creates the table as it would be in a real product: text, old vectors, an HNSW index. */
export async function buildTable(pool: pg.Pool, glosses: Gloss[], vectors: number[][]): Promise<void> {
  await pool.query('CREATE EXTENSION IF NOT EXISTS vector');
  await pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA}`);
  await pool.query(
    `CREATE TABLE ${TABLE} (id bigint PRIMARY KEY, gloss text NOT NULL, looked_up integer NOT NULL DEFAULT 0, embedding vector(${OLD.dimensions}))`,
  );
  for (let start = 0; start < glosses.length; start += 100) {
    const part = glosses.slice(start, start + 100);
    await pool.query(`INSERT INTO ${TABLE} (id, gloss, embedding) SELECT * FROM unnest($1::bigint[], $2::text[], $3::vector[])`, [
      part.map(({ id }) => id),
      part.map(({ gloss }) => gloss),
      part.map((_, i) => toSql(vectors[start + i] ?? null)),
    ]);
  }
  await pool.query(`CREATE INDEX glosses_embedding_idx ON ${TABLE} USING hnsw (embedding vector_cosine_ops)`);
  await pool.query(`ANALYZE ${TABLE}`);
}

/** Writes queries and relevance judgements in the formats that `validate` reads. */
export function writeJudgements(folder: string, queries: JudgedQuery[]): { queries: string; judgements: string } {
  const files = { queries: join(folder, 'queries.jsonl'), judgements: join(folder, 'qrels.tsv') };
  writeFileSync(files.queries, queries.map(({ text, relevant }) => JSON.stringify({ id: String(relevant), text })).join('\n'));
  writeFileSync(
    files.judgements,
    ['query-id\tcorpus-id\tscore', ...queries.map(({ relevant }) => `${relevant}\t${relevant}\t1`)].join('\n'),
  );
  return files;
}
