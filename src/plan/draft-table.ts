import type { Config } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import { readMigrationState } from '../database/migration-runner.ts';
import { borrowOwner } from '../database/owners-connection.ts';
import { MIN_SIMILARITY } from '../embedding/similarity.ts';
import type { CampaignRequest } from './campaign-request.ts';
import { draftCampaign } from './draft.ts';
import { inspectTable, type TableFacts } from './inspect.ts';
import type { InventoryFinding } from './inventory/finding.ts';
import { takeInventory } from './inventory/inventory.ts';
import { chooseLiveView, readKnownTarget, refusePendingFiles, refuseTakenNames } from './known-target.ts';
import { measureText, type TextFacts } from './measure.ts';
import { OLD_MODEL_DISAGREES } from './old-model-error.ts';
import { examinePart, narrowToPart } from './part.ts';
import type { CampaignPlan } from './plan.ts';
import { roughBuildSeconds } from './rough-build-time.ts';
import { measureSearchLoss, type SearchLoss } from './search-loss.ts';
import { drawStoredRows, type StoredRows } from './stored-rows.ts';
import { examineText } from './text-source.ts';

/** The plan of a campaign, and what was read about its table. */
export interface Draft {
  plan: CampaignPlan;
  facts: TableFacts;
  text: TextFacts;
  findings: InventoryFinding[];
  indexSeconds: number | null;
  searchLoss: SearchLoss | null;
  /** rows to compare with the old model; undefined when it is not to be called */
  stored: StoredRows | undefined;
  minSimilarity: number;
}

/**
 * Reads everything about a table that its campaign depends on, and drafts the plan.
 *
 * @param db a connection in a planning transaction
 * @param choice.probe whether stored rows are drawn for the comparison with the old model
 * @param choice.prefix beginning of the campaign's name (default: the time)
 * @param choice.acceptedOf which of the codes of --accept are for this table, by what was found (default: all)
 */
export async function draftTable(
  db: Queryable,
  request: CampaignRequest,
  config: Config,
  choice: { probe: boolean; prefix?: string; acceptedOf?: (findings: readonly InventoryFinding[]) => string[] | undefined },
): Promise<Draft> {
  const whole = await inspectTable(db, request.table, request.column);
  const known = await readKnownTarget(db, whole, request.part);
  // Before the transaction becomes read-only.
  const part = await examinePart(db, whole, request);
  const source = await examineText(db, whole, request);
  const owner = await borrowOwner(db, whole.oid);
  const facts = await narrowToPart(owner, whole, part);
  const text = await measureText(db, facts, source, owner);
  const findings = await takeInventory({ db, owner, facts, text });
  const state = await readMigrationState(db, config.migrationsDirectory);
  const names = { liveView: await chooseLiveView(db, facts, state.pending), stamp: choice.prefix ?? timeStamp() };
  const accepted = choice.acceptedOf ? choice.acceptedOf(findings) : request.accept;
  // A disagreement of the old model is not known yet.
  const accept = accepted?.filter((code) => code !== OLD_MODEL_DISAGREES);
  const plan = await draftCampaign(db, { ...request, accept }, { facts, text, known, findings }, names);
  refusePendingFiles(state, plan);
  await refuseTakenNames(db, plan, facts, known);
  // A campaign may embed another text than the stored vectors are of.
  const stored = choice.probe && plan.keepOldCurrent ? await drawStoredRows(db, owner, facts, known ?? text) : undefined;
  const indexSeconds = await roughBuildSeconds(db, plan, text.rows);
  const searchLoss = await measureSearchLoss(owner, facts, plan);
  return { plan, facts, text, findings, indexSeconds, searchLoss, stored, minSimilarity: known?.minSimilarity ?? MIN_SIMILARITY };
}

/** UTC time in seventeen digits, which orders migration files. */
export function timeStamp(): string {
  return new Date().toISOString().replace(/\D/g, '');
}
