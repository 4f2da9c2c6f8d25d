import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { type Database, inTransaction } from '../../src/database/connection.ts';
import { listMigrationFiles, PHASES, type PhaseName } from '../../src/database/migration-file.ts';
import { readMigrationState, runMigrationFile } from '../../src/database/migration-runner.ts';
import { borrowOwner } from '../../src/database/owners-connection.ts';
import { isInstalled } from '../../src/database/sql-objects.ts';
import { type Advance, advance } from '../../src/phases/advance.ts';
import { campaignFiles, writeFiles } from '../../src/phases/files.ts';
import { retreat } from '../../src/phases/retreat.ts';
import type { CampaignRequest } from '../../src/plan/campaign-request.ts';
import { draftCampaign } from '../../src/plan/draft.ts';
import { inspectTable } from '../../src/plan/inspect.ts';
import { chooseLiveView, readKnownTarget } from '../../src/plan/known-target.ts';
import { measureText } from '../../src/plan/measure.ts';
import { examinePart, narrowToPart } from '../../src/plan/part.ts';
import { examineText } from '../../src/plan/text-source.ts';
import { type BatchJob, runBatch } from '../../src/worker/batch-job.ts';
import { runCatchUp } from '../../src/worker/catch-up-job.ts';
import { createWorkContext } from '../../src/worker/context.ts';
import { createWorkplace, type Workplace } from './command.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from './documents.ts';
import { PASSING_VALIDATION } from './evidence.ts';
import { startProvider, type TestProvider } from './provider.ts';

/** State of a campaign: a phase, or not created. */
export type Standing = 'none' | PhaseName;

/** A database, a provider and a folder of campaign files, with functions to bring a campaign to the state a test starts from. */
export interface Stage {
  db: TestDatabase;
  provider: TestProvider;
  workplace: Workplace;
  /** the same database as the code under test sees it */
  database: Database;
  /** `migrate create` as a user types it; returns the name of the campaign */
  create(args: string[]): Promise<string>;
  /** the same without running the command, for tests of later steps that need not wait for a process */
  draft(request: Partial<CampaignRequest> & { table: string }): Promise<string>;
  /** creates the usual campaign: a table of documents, from the old to the new model */
  createUsual(table?: string): Promise<string>;
  /** runs the files of one campaign, up or down, until it is in that phase; embeds and validates where needed */
  bring(campaign: string, standing: Standing): Promise<void>;
  /** what `migrate up` does, in this process */
  up(count?: number): Promise<Advance>;
  /** what `migrate down` does, in this process */
  down(count?: number): Promise<void>;
  /** embeds everything that waits, as the jobs of a worker do, without the queue */
  work(): Promise<void>;
  /** embeds every second waiting batch and no changed row, which gives a half-done backfill */
  workHalf(): Promise<void>;
  /** records a validation that passed */
  pass(campaign: string): Promise<void>;
  /** closes its connections; afterwards it can be copied, each copy with a database, a provider and a folder of its own */
  freeze(): Promise<FrozenStage>;
  close(): Promise<void>;
}

/** A stage in a fixed state that several tests start from. */
export interface FrozenStage {
  copy(): Promise<Stage>;
  close(): Promise<void>;
}

/**
 * A stage with the toolkit installed.
 *
 * @param models models that the provider offers in addition to the two usual ones, with their dimensions
 */
export async function createStage(models: Record<string, number> = {}): Promise<Stage> {
  return assemble(createTestDatabase('installed'), models);
}

/** A stage on a database where the toolkit was never installed, for tests of the installation. */
export async function createBareStage(models: Record<string, number> = {}): Promise<Stage> {
  return assemble(createTestDatabase('bare'), models);
}

/** @param campaigns folder of campaign files to start with */
async function assemble(opening: Promise<TestDatabase>, models: Record<string, number>, campaigns?: string): Promise<Stage> {
  const [db, provider] = await Promise.all([
    opening,
    startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS, ...models }),
  ]);
  const env = { ...db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url };
  const workplace = createWorkplace(env);
  const directory = join(workplace.directory, 'migrations');
  if (campaigns && existsSync(campaigns)) cpSync(campaigns, directory, { recursive: true });
  const database: Database = { pool: db.pool, url: db.url, embedded: false, directory, close: async () => {} };
  const notice = () => {};

  const stage: Stage = {
    db,
    provider,
    workplace,
    database,
    async create(args) {
      const { code, stdout, stderr } = await workplace.run(['migrate', 'create', '--json', ...args]);
      if (code !== 0) throw new Error(stderr);
      return (JSON.parse(stdout) as { campaign: string }).campaign;
    },
    async draft(wanted) {
      const request: CampaignRequest = {
        column: 'embedding',
        text: wanted.textSql === undefined ? ['content'] : [],
        to: NEW_MODEL,
        dimensions: NEW_DIMENSIONS,
        from: OLD_MODEL,
        batchRows: 500,
        ...wanted,
      };
      const plan = await inTransaction(db.pool, async (client) => {
        const whole = await inspectTable(client, request.table, request.column);
        const known = await readKnownTarget(client, whole, request.part);
        const part = await examinePart(client, whole, request);
        const source = await examineText(client, whole, request);
        const owner = await borrowOwner(client, whole.oid);
        const facts = await narrowToPart(owner, whole, part);
        const { pending } = await readMigrationState(client, directory);
        const names = { liveView: await chooseLiveView(client, facts, pending), stamp: new Date().toISOString().replace(/\D/g, '') };
        const text = await measureText(client, facts, source, owner);
        return draftCampaign(client, request, { facts, text, known }, names);
      });
      writeFiles(campaignFiles(plan, directory));
      return plan.campaign;
    },
    createUsual: (table = 'documents') => stage.draft({ table }),
    up: (count) => advance(database, { directory, count, notice }),
    async down(count = 1) {
      await retreat(database, { directory, count, acceptMissing: false, notice });
    },
    async bring(campaign, standing) {
      if (!(await isInstalled(db.pool))) await advance(database, { directory: 'no-campaigns', notice });
      const wanted = placeOf(standing);
      for (let at = await standsAt(db, campaign); at !== wanted; at = await standsAt(db, campaign)) {
        const direction = at < wanted ? 'up' : 'down';
        const phase = PHASES[direction === 'up' ? at + 1 : at];
        if (direction === 'up' && phase === 'index') await stage.work();
        if (direction === 'up' && phase === 'switch') await stage.pass(campaign);
        if (direction === 'up' && phase === 'contract') await db.pool.query("UPDATE reembed.setting SET soak = '0' WHERE soak <> '0'");
        if (direction === 'up' && (phase === 'backfill' || phase === 'contract')) await acceptHarms(db, campaign, phase);
        const file = listMigrationFiles(directory).find((candidate) => candidate.campaign === campaign && candidate.phase === phase);
        if (!file) throw new Error(`no file of ${campaign} for ${phase}`);
        await runMigrationFile(database, file, direction, notice);
      }
    },
    async work() {
      const context = createWorkContext(database, readConfig(env), notice);
      for (const job of await pendingBatches(db)) await runBatch(context, job);
      const targets = await db.pool.query<{ name: string }>('SELECT name FROM reembed.target ORDER BY name');
      for (const { name } of targets.rows) await runCatchUp(context, { target: name });
    },
    async workHalf() {
      const context = createWorkContext(database, readConfig(env), notice);
      for (const [i, job] of (await pendingBatches(db)).entries()) if (i % 2 === 0) await runBatch(context, job);
    },
    async pass(campaign) {
      await db.pool.query(PASSING_VALIDATION, [campaign]);
    },
    async freeze() {
      const frozen = await db.freeze();
      return {
        copy: () => assemble(frozen.copy(), models, directory),
        async close() {
          workplace.remove();
          await Promise.all([frozen.close(), provider.close()]);
        },
      };
    },
    async close() {
      workplace.remove();
      await Promise.all([db.close(), provider.close()]);
    },
  };
  return stage;
}

/** What the table does to a phase is accepted by name, as a user would. */
async function acceptHarms({ pool }: TestDatabase, campaign: string, phase: PhaseName): Promise<void> {
  await pool.query(
    "SELECT reembed.accept(h.campaign, h.code, 'a test', h.evidence) FROM (SELECT $1::text AS campaign, f.* FROM reembed.harms($1, $2) AS f) AS h",
    [campaign, phase],
  );
}

async function pendingBatches({ pool }: TestDatabase): Promise<BatchJob[]> {
  const { rows } = await pool.query<BatchJob>(
    "SELECT campaign, id::integer AS batch FROM reembed.batch WHERE state = 'pending' ORDER BY 1, 2",
  );
  return rows;
}

async function standsAt({ pool }: TestDatabase, campaign: string): Promise<number> {
  const { rows } = await pool.query<{ phase: PhaseName }>('SELECT phase FROM reembed.campaign WHERE name = $1', [campaign]);
  return placeOf(rows[0]?.phase ?? 'none');
}

function placeOf(standing: Standing): number {
  return standing === 'none' ? -1 : PHASES.indexOf(standing);
}
