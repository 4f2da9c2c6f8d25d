import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import type pg from 'pg';

/** The environment that the figures depend on. */
export interface Machine {
  date: string;
  cores: number;
  processor: string;
  memoryBytes: number;
  /** load average over the minute before the start */
  loadAverage: number;
  node: string;
  /** commit of the program; null outside a repository */
  commit: string | null;
  postgresql: string;
  pgvector: string;
  settings: Record<string, string>;
}

const SETTINGS = [
  ...['shared_buffers', 'work_mem', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'jit', 'io_method'],
  ...['fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'wal_compression', 'data_checksums', 'max_wal_size'],
  ...['checkpoint_timeout', 'autovacuum', 'autovacuum_naptime'],
];

/** @param client connected to a database with extension vector */
export async function describeMachine(client: pg.Client): Promise<Machine> {
  const versions = await client.query<{ postgresql: string; pgvector: string }>(
    "SELECT current_setting('server_version') AS postgresql, extversion AS pgvector FROM pg_extension WHERE extname = 'vector'",
  );
  const settings = await client.query<{ name: string; value: string }>(
    'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY ($1) ORDER BY array_position($1, name)',
    [SETTINGS],
  );
  return {
    date: new Date().toISOString(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? '',
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0] ?? 0,
    node: process.version,
    commit: currentCommit(),
    postgresql: versions.rows[0]?.postgresql ?? '',
    pgvector: versions.rows[0]?.pgvector ?? '',
    settings: Object.fromEntries(settings.rows.map(({ name, value }) => [name, value])),
  };
}

function currentCommit(): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
