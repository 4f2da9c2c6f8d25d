import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inTransaction } from '../../src/database/connection.ts';
import { campaignFiles, writeFiles } from '../../src/phases/files.ts';
import type { CampaignRequest } from '../../src/plan/campaign-request.ts';
import { draftCampaign } from '../../src/plan/draft.ts';
import { inspectTable } from '../../src/plan/inspect.ts';
import { measureText } from '../../src/plan/measure.ts';
import { examineText } from '../../src/plan/text-source.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './documents.ts';
import type { SeenRequest } from './provider.ts';
import type { Stage } from './stage.ts';

const PROBE = 'a short text';

/** A campaign in phase backfill on a table of its own, with functions to inspect it. */
export interface Campaign {
  name: string;
  table: string;
  /** name in reembed.target */
  target: string;
  /** requests that contained rows of this table, in order of arrival */
  requests(model?: string): SeenRequest[];
  /** one value of one row of the database */
  ask<T>(sql: string, values?: unknown[]): Promise<T>;
  /** number of its rows in failed_row */
  failures(): Promise<number>;
}

/**
 * Creates a table of documents and starts a campaign on it without running commands, because a test of the worker need
 * not wait for `create` and `up`.
 *
 * @param options.rows number of documents; about 50 fit a block, and a batch is one block
 * @param options.fill inserts other rows before the campaign begins
 */
export async function startCampaign(
  stage: Stage,
  table: string,
  options: { rows: number; request?: Partial<CampaignRequest>; fill?: () => Promise<unknown> },
): Promise<Campaign> {
  const { pool } = stage.db;
  await createDocuments(pool, options.rows, { table, index: false });
  await options.fill?.();
  const request: CampaignRequest = {
    table,
    column: 'embedding',
    text: ['content'],
    to: NEW_MODEL,
    dimensions: NEW_DIMENSIONS,
    from: OLD_MODEL,
    batchRows: 50,
    ...options.request,
  };
  const plan = await inTransaction(pool, async (client) => {
    const facts = await inspectTable(client, table, 'embedding');
    const text = await measureText(client, facts, await examineText(client, facts, request));
    const names = { liveView: `${table}_live`, stamp: new Date().toISOString().replace(/\D/g, '') };
    return draftCampaign(client, request, { facts, text, known: undefined }, names);
  });
  const directory = join(stage.workplace.directory, 'migrations');
  writeFiles(campaignFiles(plan, directory));
  await stage.bring(plan.campaign, 'backfill');
  stage.provider.requests.length = 0;

  return {
    name: plan.campaign,
    table,
    target: `public.${table}.embedding`,
    requests: (model = NEW_MODEL) => stage.provider.requests.filter((seen) => seen.model === model && !isProbe(seen)),
    async ask<T>(sql: string, values: unknown[] = []): Promise<T> {
      const { rows } = await pool.query<Record<string, T>>(sql, values);
      return Object.values(rows[0] ?? {})[0] as T;
    },
    async failures() {
      const { rowCount } = await pool.query('SELECT FROM reembed.failed_row WHERE target = $1', [`public.${table}.embedding`]);
      return rowCount ?? 0;
    },
  };
}

/** Removes every campaign with its table and resets the provider to good answers, so that tests do not affect each other. */
export async function removeCampaigns(stage: Stage): Promise<void> {
  stage.provider.script = () => undefined;
  const directory = join(stage.workplace.directory, 'migrations');
  const { rows } = await stage.db.pool.query<{ name: string; relation: string }>(
    'SELECT m.name, t.relation::text FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target',
  );
  for (const { name, relation } of rows) {
    await stage.bring(name, 'none');
    for (const file of readdirSync(directory)) if (file.startsWith(name)) rmSync(join(directory, file));
    await stage.db.pool.query(`DROP TABLE ${relation}`);
  }
}

/** Whether a request is the short text that a worker sends before it begins. */
export function isProbe({ input }: SeenRequest): boolean {
  return input.length === 1 && input[0]?.endsWith(PROBE) === true;
}

/** Waits until a condition is true that another process will bring about. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, seconds = 60): Promise<void> {
  for (const giveUpAt = Date.now() + seconds * 1000; !(await condition()); ) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
