import type pg from 'pg';
import { GATE_CLOSED } from '../succeed.ts';
import { BARE_TABLE, createBareTable, fillBareTable } from './bare-table.ts';
import type { Copy, Letter } from './contender.ts';
import { indexParameters, NEW_MODEL, TABLE } from './documents.ts';
import { type Campaign, createArguments, successOf, UNSURE } from './product.ts';
import { createVectorSpace } from './vectors.ts';

/** One command of a procedure and its duration. */
export interface Step {
  step: string;
  seconds: number;
}

/** The procedure of one contender. */
export interface Travelled {
  contender: Letter;
  title: string;
  steps: Step[];
}

/** The whole procedure, from a table with old vectors to searches by the new ones, and the minimum that it can take. */
export interface Procedure {
  /** loading the vectors into a bare table and indexing them */
  floor: Step[];
  procedures: (Travelled & { ratioToFloor: number })[];
}

/** Relates the procedure of each contender to the floor. */
export function procedureOf(floor: Step[], procedures: Travelled[]): Procedure {
  const least = secondsOf(floor);
  return { floor, procedures: procedures.map((procedure) => ({ ...procedure, ratioToFloor: secondsOf(procedure.steps) / least })) };
}

export function secondsOf(steps: Step[]): number {
  return steps.reduce((sum, { seconds }) => sum + seconds, 0);
}

/**
 * Runs every command of a campaign up to the switch, without an application.
 *
 * @param storage options of `migrate create`
 * @param maintenanceMemory memory for the index build, in megabytes
 */
export async function measureProcedure(
  campaign: Campaign,
  { client, table }: Copy,
  storage: string[],
  maintenanceMemory: number,
): Promise<Step[]> {
  await allowMemory(client, maintenanceMemory);
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
  const steps: Step[] = [];
  await timed(steps, 'create', () => campaign.run(createArguments(table, storage), 0));
  await timed(steps, 'up: expand, backfill', () => campaign.run(['migrate', 'up'], GATE_CLOSED));
  // Index recall on generated vectors is not what is measured.
  await client.query('UPDATE reembed.setting SET min_index_recall = 0');
  await timed(steps, 'worker', () => successOf(campaign.startWorker()));
  await timed(steps, 'up: index', () => campaign.run(['migrate', 'up'], GATE_CLOSED));
  await timed(steps, 'validate', () => campaign.run(['validate'], UNSURE));
  const accepting = ['migrate', 'up', '--accept', 'unsure', '--reason', 'generated vectors have no quality'];
  await timed(steps, 'up: switch', () => campaign.run(accepting, GATE_CLOSED));
  await checkSwitch(client);
  return steps;
}

/** Loads the new vectors into a bare table and builds the same index on them, with the same memory. */
export async function measureFloor({ client, table }: Copy, maintenanceMemory: number): Promise<Step[]> {
  const space = createVectorSpace(NEW_MODEL, table.dimensions, table.seed);
  await client.query('CREATE EXTENSION vector');
  await client.query("SELECT set_config('maintenance_work_mem', $1, false)", [`${maintenanceMemory}MB`]);
  await createBareTable(client, table.dimensions);
  await client.query('CHECKPOINT');
  const steps: Step[] = [];
  await timed(steps, 'load', () => fillBareTable(client, space, table.rows));
  await timed(steps, 'index', () =>
    client.query(`CREATE INDEX ON ${BARE_TABLE} USING hnsw (embedding vector_cosine_ops) WITH (${indexParameters(table)})`),
  );
  return steps;
}

async function timed(steps: Step[], step: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  steps.push({ step, seconds: (performance.now() - startedAt) / 1000 });
}

/** Sets the memory on the database, because the commands open sessions of their own. */
async function allowMemory(client: pg.Client, megabytes: number): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    "SELECT format('ALTER DATABASE %I SET maintenance_work_mem = %L', current_database(), $1::text) AS statement",
    [`${megabytes}MB`],
  );
  await client.query(rows[0]?.statement ?? '');
}

async function checkSwitch(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ model: string; vectors: string; rows: string }>(
    `SELECT reembed.active_model($1) AS model, count(embedding) AS vectors, (SELECT count(*) FROM ${TABLE}) AS rows FROM ${TABLE}_live`,
    [TABLE],
  );
  const [found] = rows;
  if (found?.model !== NEW_MODEL || found.vectors !== found.rows) throw new Error(`the procedure ended at ${JSON.stringify(found)}`);
}
