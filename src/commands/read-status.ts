import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { type Database, inOwnTransactions, type Queryable } from '../database/connection.ts';
import { translateDatabaseError } from '../database/database-error.ts';
import { listMigrationFiles, type MigrationFile } from '../database/migration-file.ts';
import { type MigrationState, readMigrationState } from '../database/migration-runner.ts';
import { isInstalled } from '../database/sql-objects.ts';
import { ReembedError } from '../errors.ts';
import { type IndexBuild, readIndexBuilds } from '../phases/index-build.ts';
import { ifAllowed } from './if-allowed.ts';
import { type Failures, type NextStep, readNextStep } from './read-next-step.ts';
import { type Judged, readVerdicts, type Verdict } from './read-verdicts.ts';
import { resolveTarget } from './resolve-target.ts';
import { currentCampaigns, type ProgressRow, readProgress } from './show-progress.ts';
import { readViewReaders, type ViewReaders } from './view-readers.ts';

/** Vectors of a part that contract moves into the column of the table, or its rollback out of it. */
export interface Moving {
  what: 'into_column' | 'out_of_column' | 'from_archive';
  percent: number;
}

/** One campaign as `status` shows it: its row of reembed.progress and related facts. */
export interface CampaignStatus extends ProgressRow {
  /** table group; null for a campaign with files of its own, and when this role may not read it */
  group: string | null;
  /** false for an earlier campaign on the same target */
  current: boolean;
  health: { throttles: boolean; reason: string }[];
  validation: Verdict | null;
  /** percentage of readers who read the new model before the switch; null when this role may not read it */
  canary_percent: number | null;
  /** percentage of searches that are repeated against the other model; null when this role may not read it */
  shadow_percent: number | null;
  /** index build in progress, as far as this role may see it */
  index_build: IndexBuild | null;
  /** the live view, and who is known to read it or another view of the target; null when this role may not read it */
  live_view: ViewReaders | null;
  /** table of the old vectors between contract and purge, else null */
  archive: string | null;
  /** of a part: what contract or its rollback is moving, and the percentage of the table that is done; null when nothing is being moved */
  moving: Moving | null;
  /** whether nobody can call the old model any more; null when this role may not read it */
  old_model_gone: boolean | null;
  next: NextStep | null;
}

/** The data of `status`. The keys are those of `status --json`. */
export interface Status {
  installed: boolean;
  embedded: boolean;
  at: Date;
  campaigns: CampaignStatus[];
  migrations: { applied: string[]; pending: string[]; problem: { code: string; message: string; remedy: string } | null };
  /** the command to run when no campaign has one */
  command: string | null;
}

interface CampaignFacts extends Failures {
  campaign: string;
  group: string | null;
  archive: string | null;
  moving: Moving | null;
  validation: Verdict | null;
  canary_percent: number | null;
  shadow_percent: number | null;
  old_model_gone: boolean | null;
}

/** Whether the configuration names an embedded database that does not exist yet. Opening it to read would create it. */
export function isEmbeddedMissing(config: Config): boolean {
  return config.databaseUrl === undefined && !existsSync(config.embeddedDirectory);
}

/**
 * Reads the state of all campaigns and migration files.
 *
 * @param database undefined when there is none
 * @param target short or full name of a target; undefined for all targets
 */
export async function readStatus(database: Database | undefined, config: Config, target?: string): Promise<Status> {
  return readStatusFrom(database && inOwnTransactions(database.pool), database?.embedded ?? true, config, target);
}

/**
 * The same for a caller with a transaction of its own.
 *
 * @param db must not end its transaction when a query fails; undefined when there is no database
 */
export async function readStatusFrom(db: Queryable | undefined, embedded: boolean, config: Config, target?: string): Promise<Status> {
  const { state, problem } = await readFiles(db, config);
  const status: Status = {
    installed: db !== undefined && (await isInstalled(db)),
    embedded,
    at: new Date(),
    campaigns: [],
    migrations: { applied: state.applied.map(({ name }) => name), pending: state.pending.map(({ name }) => name), problem },
    command: null,
  };
  const campaignFiles = state.pending.filter(({ campaign }) => campaign);
  if (db && status.installed) {
    status.campaigns = await readCampaigns(db, state.pending, target);
    const started = new Set(status.campaigns.map(({ campaign }) => campaign));
    if (state.pending.some(({ campaign }) => !campaign) || campaignFiles.some(({ campaign }) => !started.has(campaign ?? '')))
      status.command = 'npm run migrate up';
    else if (started.size === 0 && target === undefined) status.command = 'npm run migrate create';
  } else {
    status.command = campaignFiles.length > 0 ? 'npm run migrate up' : 'npm run migrate create, then npm run migrate up';
  }
  return status;
}

/**
 * Reads the state of the migration files. A failure is returned as `problem`, because progress is useful even where the files are missing,
 * as on a DBA's machine.
 */
async function readFiles(
  db: Queryable | undefined,
  config: Config,
): Promise<{ state: MigrationState; problem: Status['migrations']['problem'] }> {
  try {
    const directory = config.migrationsDirectory;
    const state = db ? await readMigrationState(db, directory) : { applied: [], pending: listMigrationFiles(directory) };
    return { state, problem: null };
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    if (!(error instanceof ReembedError)) throw thrown;
    const { code, message, remedy } = error;
    return { state: { applied: [], pending: [] }, problem: { code, message, remedy } };
  }
}

async function readCampaigns(db: Queryable, pending: MigrationFile[], target?: string): Promise<CampaignStatus[]> {
  const resolved = target === undefined ? undefined : await resolveTarget(db, target);
  const progress = await readProgress(db, resolved);
  const health = await db.query<{ target: string; throttles: boolean; reason: string }>(
    'SELECT target, throttles, reason FROM reembed.health',
  );
  const facts = await ifAllowed(readFacts(db), new Map<string, CampaignFacts>());
  const verdicts = await ifAllowed(readVerdicts(db), new Map<number, Judged>());
  const builds = await ifAllowed(readIndexBuilds(db, resolved), []);
  const readers = await ifAllowed(readViewReaders(db), []);
  const current = new Set(currentCampaigns(progress));
  return Promise.all(
    progress.map(async (row) => {
      const {
        archive = null,
        moving = null,
        group = null,
        validation = null,
        canary_percent = null,
        shadow_percent = null,
        old_model_gone = null,
        ...allowance
      } = facts.get(row.campaign) ?? {};
      const isCurrent = current.has(row);
      return {
        ...row,
        group,
        current: isCurrent,
        health: isCurrent
          ? health.rows.filter(({ target: of }) => of === row.target).map(({ throttles, reason }) => ({ throttles, reason }))
          : [],
        validation: validation && { ...validation, ...verdicts.get(validation.id) },
        canary_percent,
        shadow_percent,
        old_model_gone,
        index_build: builds.find(({ campaign }) => campaign === row.campaign) ?? null,
        live_view: readers.find(({ target: of }) => isCurrent && of === row.target) ?? null,
        archive,
        moving,
        next: isCurrent ? await readNextStep(db, row, allowance, pending) : null,
      };
    }),
  );
}

/** Reads what reembed.progress does not hold: settings, and the verdicts that the gates use. */
async function readFacts(db: Queryable): Promise<Map<string, CampaignFacts>> {
  const { rows } = await db.query<CampaignFacts>(
    `SELECT m.name AS campaign, m.group_name AS "group", m.archive, s.max_failed_rows AS allowed_failures,
            CASE WHEN m.moving IS NOT NULL THEN jsonb_build_object('what', m.moving, 'percent', round(100 * least(1, m.moving_block::numeric / greatest(1, pg_relation_size(t.relation) / current_setting('block_size')::bigint)))) END AS moving,
            (SELECT count(*)::integer FROM reembed.failed_row AS f WHERE f.target = m.target AND f.model = m.to_model) AS failed_new,
            (SELECT jsonb_build_object('id', v.id, 'verdict', v.verdict, 'finished_at', v.finished_at, 'queries', v.queries, 'overlap', v.overlap,
                                       'index_recall', v.index_recall, 'reasons', '[]'::jsonb, 'doubts', '[]'::jsonb)
               FROM reembed.validation AS v WHERE v.campaign = m.name ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS validation,
            s.canary_percent::double precision AS canary_percent, s.shadow_percent::double precision AS shadow_percent, s.old_model_gone
       FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target JOIN reembed.target AS t ON t.name = m.target`,
  );
  // JSON returns the time as text, in the time zone of the session.
  for (const { validation } of rows) if (validation) validation.finished_at = new Date(validation.finished_at);
  return new Map(rows.map((row) => [row.campaign, row]));
}
