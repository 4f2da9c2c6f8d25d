import type pg from 'pg';
import { inTransaction, WAIT_FOR_LOCKS } from '../database/connection.ts';
import { type CampaignChoice, type ReportedCampaign, readCampaign } from './data/campaign.ts';
import { type ChangedQuery, readChangedQueries } from './data/changed-queries.ts';
import { type ReportedEvents, readEvents } from './data/events.ts';
import { type ReportedFigures, readFigures } from './data/figures.ts';
import {
  type ReportedAlert,
  type ReportedKnownItems,
  type ReportedShadowReads,
  readAlerts,
  readKnownItems,
  readShadowReads,
} from './data/live.ts';
import { type ReportedProgress, readBackfill } from './data/progress.ts';
import { type ReportedQuality, readQuality } from './data/quality.ts';
import { readGrade, readSearches } from './data/searches.ts';
import { type Evidence, type ReportedRun, type ReportedVerdict, readEvidence, readRuns, readVerdict } from './data/validation.ts';
import { type NotChecked, notChecked } from './not-checked.ts';
import type { JudgedSearches } from './plain-sentence.ts';

/** Results of the runs of a validation. */
export interface ReportedValidation {
  verdict: ReportedVerdict;
  evidence: Evidence;
  /** by grade, the best first */
  quality: ReportedQuality[];
  /** null without a judged query */
  searches: JudgedSearches | null;
  figures: ReportedFigures;
  changed_queries: ChangedQuery[];
}

/** Everything a report shows. It never contains a vector, and contains texts of rows or queries only if they were requested. */
export interface Report {
  at: Date;
  with_text: boolean;
  campaign: ReportedCampaign;
  progress: ReportedProgress;
  /** newest first */
  runs: ReportedRun[];
  /** null before the first run */
  validation: ReportedValidation | null;
  not_checked: NotChecked[];
  shadow_reads: ReportedShadowReads | null;
  known_items: ReportedKnownItems[];
  alerts: ReportedAlert[];
  trail: ReportedEvents;
}

/** Options of readReport(). */
export interface ReportOptions extends CampaignChoice {
  /** whether texts of queries and rows are read */
  withText: boolean;
  /** number of most changed queries to read */
  lowest: number;
}

/**
 * Reads everything recorded about a campaign, in any phase. Changes nothing.
 *
 * @throws NoCampaign
 */
export async function readReport(pool: pg.Pool, options: ReportOptions): Promise<Report> {
  return inTransaction(
    pool,
    async (client) => {
      await client.query('SET TRANSACTION READ ONLY');
      const campaign = await readCampaign(client, options);
      const runs = await readRuns(client, campaign.name);
      const progress = await readBackfill(client, campaign.name);
      const validation = runs[0] ? await readValidation(client, runs[0], options) : null;
      return {
        at: new Date(),
        with_text: options.withText,
        campaign,
        progress,
        runs,
        validation,
        not_checked: notChecked({ campaign, progress, runs, validation }),
        shadow_reads: await readShadowReads(client, campaign),
        known_items: await readKnownItems(client, campaign),
        alerts: await readAlerts(client, campaign),
        trail: await readEvents(client, campaign),
      };
    },
    WAIT_FOR_LOCKS,
  );
}

async function readValidation(
  client: pg.PoolClient,
  newest: ReportedRun,
  { lowest, withText }: ReportOptions,
): Promise<ReportedValidation> {
  const evidence = await readEvidence(client, newest.id);
  const grade = await readGrade(client, newest.id);
  return {
    verdict: await readVerdict(client, newest),
    evidence,
    quality: await readQuality(client, newest.id),
    searches: grade && (await readSearches(client, newest.id, grade)),
    figures: await readFigures(client, evidence, grade),
    changed_queries: await readChangedQueries(client, { run: newest.id, grade }, lowest, withText),
  };
}
