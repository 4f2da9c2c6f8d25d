import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createWorkplace, type Workplace } from '../../test/harness/command.ts';
import { GATE_CLOSED, succeed } from '../succeed.ts';
import type { ProviderOptions } from './answers.ts';
import { type Child, startChild } from './child.ts';
import type { ClientUsage, Contender, Copy, Result } from './contender.ts';
import { indexParameters, NEW_MODEL, OLD_MODEL, TABLE, type TableOptions } from './documents.ts';
import type { BenchOptions } from './figures.ts';
import type { ProviderCalls } from './provider-process.ts';

/** A campaign of the toolkit, run by its commands in separate processes, with a provider. */
export interface Campaign {
  workplace: Workplace;
  /** @throws when the command ends with another exit code */
  run(args: string[], code: number): Promise<void>;
  /** starts a worker that ends when nothing is left to do */
  startWorker(): ChildProcess;
  /** starts a worker that runs until the campaign is closed */
  startEndlessWorker(): void;
  /** resource usage that a worker reported before it ended */
  readUsage(): NodeJS.ResourceUsage;
  provider: Child<ProviderCalls>;
  close(): Promise<void>;
}

/** Options of a campaign's provider and commands. */
export type CampaignOptions = Pick<BenchOptions, 'latency' | 'provider' | 'environment'>;

/** Where the new vectors are stored. */
export type Storage = 'column' | 'side-table';

/** Exit code of `validate` when nothing was judged. */
export const UNSURE = 5;
const LEDGER_LOOK_MS = 100;
/** the application's search, through the live view */
export const SEARCH_LIVE = `SELECT id, content FROM ${TABLE}_live
  ORDER BY embedding <=> reembed.query_vector(embedding_model, '${OLD_MODEL}', $1::vector) LIMIT 10`;

/** The storage options of `migrate create`: an empty list if there is no choice, undefined if this storage does not exist. */
export async function storageOptions(storage: Storage): Promise<string[] | undefined> {
  const workplace = createWorkplace({});
  try {
    const { stdout } = await workplace.run(['migrate', 'create', '--help']);
    if (stdout.includes('--storage')) return ['--storage', storage];
    return storage === 'column' ? [] : undefined;
  } finally {
    workplace.remove();
  }
}

/** Starts a provider and creates a folder for the commands; does not touch the database. */
export async function openCampaign({ url, table }: Copy, { latency, provider: place, environment }: CampaignOptions): Promise<Campaign> {
  const provider = startChild<ProviderCalls>('./provider-process.ts');
  const { dimensions, seed } = table;
  const base = await provider.call('listen', { dimensions, seed, latency });
  const workplace = createWorkplace({
    DATABASE_URL: url,
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: base,
    ...Object.fromEntries(environment.map((given) => given.split(/=(.*)/s, 2))),
  });
  const preloads = ['./report-usage.ts', ...(place === 'in-process' ? ['./provider-in-process.ts'] : [])];
  const usageFile = join(workplace.directory, 'usage.json');
  let worker: ChildProcess | undefined;
  return {
    workplace,
    provider,
    async run(args, code) {
      await succeed(workplace, args, code);
    },
    startWorker() {
      worker = workplace.start(['worker', '--drain'], {
        BENCH_USAGE_FILE: usageFile,
        BENCH_PROVIDER: JSON.stringify({ dimensions, seed, latency } satisfies ProviderOptions),
        NODE_OPTIONS: preloads.map((file) => `--import=${new URL(file, import.meta.url).href}`).join(' '),
      });
      return worker;
    },
    startEndlessWorker() {
      worker = workplace.start(['worker']);
      worker.stdout?.resume();
      worker.stderr?.resume();
    },
    readUsage: () => JSON.parse(readFileSync(usageFile, 'utf8')),
    async close() {
      worker?.kill('SIGKILL');
      provider.stop();
      workplace.remove();
    },
  };
}

export function titleOf(letter: 'c' | 'd'): string {
  return letter === 'c' ? 'pg-reembed, column' : 'pg-reembed, side table';
}

/** Arguments of `reembed` that write the files of the campaign. */
export function createArguments(table: TableOptions, storage: string[]): string[] {
  const models = ['--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', String(table.dimensions)];
  const index = ['--index-with', indexParameters(table)];
  return ['migrate', 'create', '--table', TABLE, '--text', 'content', '--column', 'embedding', ...models, ...index, ...storage];
}

/** Where the new vectors of the campaign are. */
export async function newVectors(client: pg.Client): Promise<Result> {
  const { rows } = await client.query<{ view: string }>(
    'SELECT quote_ident(reembed.model_view_name(name, $1)) AS view FROM reembed.target',
    [NEW_MODEL],
  );
  return { relation: rows[0]?.view ?? '', column: 'embedding', isCurrent: true };
}

/**
 * The toolkit itself, with its files, gates and worker.
 *
 * @param storage options of `migrate create`
 */
export function productContender(
  letter: 'c' | 'd',
  storage: string[],
  { settings, ...options }: Pick<BenchOptions, 'settings'> & CampaignOptions,
): Contender {
  let copy: Copy | undefined;
  let campaign: Campaign | undefined;
  let worker: { ended: Promise<void>; seconds: Record<string, number> } | undefined;
  return {
    letter,
    title: titleOf(letter),
    search: SEARCH_LIVE,
    async prepare(given) {
      copy = given;
      campaign = await openCampaign(copy, options);
      await campaign.run(createArguments(copy.table, storage), 0);
      await campaign.run(['migrate', 'up'], GATE_CLOSED);
      if (settings.length > 0) await campaign.run(['setting', ...settings], 0);
      return newVectors(copy.client);
    },
    async fill(onRows) {
      if (!copy || !campaign) throw new Error('not prepared');
      const { client } = copy;
      const clock = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      const startedAt = Number(clock.rows[0]?.now);
      const ended = successOf(campaign.startWorker());
      ended.catch(() => {});
      for (let isOver = false; !isOver; ) {
        isOver = await Promise.race([ended.then(() => true), sleep(LEDGER_LOOK_MS).then(() => false)]);
        const { rows } = await client.query<{ done: number; open: boolean }>(
          "SELECT coalesce(sum(embedded_rows), 0)::float8 AS done, coalesce(bool_or(state = 'pending'), false) AS open FROM reembed.batch",
        );
        onRows(rows[0]?.done ?? 0);
        isOver ||= rows[0]?.open === false;
      }
      // The ledger has exact times; this process notices the end a little later.
      const ledger = await client.query<{ first: Date; last: Date }>(
        'SELECT min(started_at) AS first, max(finished_at) AS last FROM reembed.batch',
      );
      const first = Number(ledger.rows[0]?.first);
      const last = Number(ledger.rows[0]?.last);
      worker = { ended, seconds: { startSeconds: (first - startedAt) / 1000, batchSeconds: (last - first) / 1000 } };
      return { seconds: (last - startedAt) / 1000 };
    },
    async settle(): Promise<ClientUsage> {
      if (!campaign || !worker) throw new Error('not filled');
      const startedAt = performance.now();
      await worker.ended;
      const { userCPUTime, systemCPUTime, maxRSS } = campaign.readUsage();
      const provider = await campaign.provider.call('usage', undefined);
      return {
        cpuMicroseconds: userCPUTime + systemCPUTime,
        peakMemoryBytes: maxRSS * 1024,
        more: {
          ...worker.seconds,
          drainSeconds: (performance.now() - startedAt) / 1000,
          ...(options.provider === 'http' && {
            providerRequests: provider.requests,
            providerTexts: provider.texts,
            providerCpuMicroseconds: provider.cpuMicroseconds,
          }),
        },
      };
    },
    close: async () => campaign?.close(),
  };
}

/** Resolves when a process ends successfully. */
export function successOf(child: ChildProcess): Promise<void> {
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-5000);
  });
  child.stdout?.resume();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`the worker ended with ${signal ?? code}: ${stderr}`))));
  });
}
