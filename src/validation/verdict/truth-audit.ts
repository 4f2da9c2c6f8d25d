import type { Queryable } from '../../database/connection.ts';
import { causeText } from '../../embedding/disagreement/cause-text.ts';
import { agrees, similarity } from '../../embedding/similarity.ts';
import { ReembedError } from '../../errors.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import type { Embedder } from '../queries/read-queries.ts';
import { drawStored, type Stored } from './draw-stored.ts';

/** A row whose text was embedded again, as stored in reembed.truth_audit. */
export interface AuditedRow {
  role: Role;
  /** key as JSON text */
  key: string;
  /** similarity of the stored and the fresh vector, -1 to 1; null for a row that disagreed in an earlier run and can no longer be audited */
  similarity: number | null;
}

/** A row that disagrees, with both vectors. */
export interface Disagreeing {
  key: string;
  text: string;
  stored: number[];
  fresh: ArrayLike<number>;
}

/** Finds out by trying what old vectors are of; undefined when nothing that was tried fits. */
export type FindCause = (campaign: Campaign, rows: readonly Disagreeing[]) => Promise<string | undefined>;

/** The audit of one model's vectors. */
export interface RoleAudit {
  rows: AuditedRow[];
  /** rows that could be audited; null when no audit was requested */
  auditable: number | null;
  /** reason that no vector was compared, for example that the model is no longer available; null if one was, or none was requested */
  problem: string | null;
}

/** Results of an audit of both models. */
export interface TruthAudit {
  new: RoleAudit;
  old: RoleAudit;
  /** what the old vectors are of, when they are not those of the old model */
  oldCause: string | null;
}

/** How to audit. */
export interface AuditOptions {
  embedder: Embedder;
  /** number of rows to audit per model; up to three times as many where the first ones leave it undecided */
  size: number;
  /** the same seed draws the same rows */
  seed: number;
  /** not called for new vectors; without it no cause is found */
  findCause?: FindCause | undefined;
}

const MOST_DRAWS = 3;
const ROWS_TO_EXPLAIN = 10;
// Fewer are outdated rows, or rows that other code embedded, and not the choice of the model or the text.
const SHARE_TO_EXPLAIN = 0.2;
const NOT_AUDITED: RoleAudit = { rows: [], auditable: null, problem: null };

/**
 * Embeds the texts of random rows again and compares the result with the stored vectors. Finds a wrong model name, a model that the
 * provider changed silently, and rows whose vectors are of another text. Rows that wait for a new vector, or failed, are left out.
 *
 * Disagreements that do not decide whether there are too many of them draw further rows. Rows that disagreed in an earlier run are audited
 * again. An unavailable provider says nothing about the vectors: the audit then records the reason, and nothing is thrown.
 */
export async function auditTruth(db: Queryable, campaign: Campaign, options: AuditOptions): Promise<TruthAudit> {
  if (options.size === 0) return { new: NOT_AUDITED, old: NOT_AUDITED, oldCause: null };
  const renewed = await auditRole(db, campaign, 'new', options);
  const old = campaign.oldModelGone ? notAudited(campaign) : await auditRole(db, campaign, 'old', options);
  return { new: renewed.audit, old: old.audit, oldCause: await oldCause(campaign, old, options.findCause) };
}

/** Returns the rows that were compared. */
export function comparedRows({ rows }: RoleAudit): (AuditedRow & { similarity: number })[] {
  return rows.filter((row) => row.similarity !== null) as (AuditedRow & { similarity: number })[];
}

/** Returns the rows that were compared and whose stored vector agrees with the fresh one. */
export function agreeing(rows: readonly AuditedRow[], minSimilarity: number): AuditedRow[] {
  return rows.filter((row) => row.similarity !== null && agrees(row.similarity, minSimilarity));
}

interface AuditedRole {
  audit: RoleAudit;
  disagreeing: Disagreeing[];
}

function notAudited({ old }: Campaign): AuditedRole {
  return { audit: { rows: [], auditable: 0, problem: `${old.model.name} cannot be called any more` }, disagreeing: [] };
}

async function auditRole(db: Queryable, campaign: Campaign, role: Role, options: AuditOptions): Promise<AuditedRole> {
  const { size, seed } = options;
  const compared = campaign[role];
  const rows: AuditedRow[] = [];
  const disagreeing: Disagreeing[] = [];
  let auditable = 0;
  const compare = async (stored: readonly Stored[]) => {
    const audited = await embedAgain(campaign, role, stored, options.embedder);
    rows.push(...audited.map(({ key, similarity: value }) => ({ role, key, similarity: value })));
    disagreeing.push(...audited.filter((row) => !agrees(row.similarity, campaign.thresholds.minAuditSimilarity)));
  };
  try {
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const without = rows.map(({ key }) => key);
      const drawn = await drawStored(db, campaign, compared, { size, seed, without });
      auditable += draws === 0 ? drawn.auditable : 0;
      if (drawn.rows.length === 0) break;
      await compare(drawn.rows);
      if (disagreeing.length === 0 || !(await isUndecided(db, campaign, rows.length, disagreeing.length, auditable))) break;
    }
    if (rows.length === 0) return { audit: { rows, auditable, problem: 'no row has a vector of its present text' }, disagreeing };
    // Where their vectors were corrected since, an earlier disagreement must not count for ever.
    const suspects = (await disagreedBefore(db, campaign, role)).filter((key) => !rows.some((row) => row.key === key));
    if (suspects.length > 0) {
      const again = await drawStored(db, campaign, compared, { size: suspects.length, seed, without: [], among: suspects });
      await compare(again.rows);
      const found = new Set(again.rows.map(({ key }) => key));
      rows.push(...suspects.filter((key) => !found.has(key)).map((key) => ({ role, key, similarity: null })));
    }
    return { audit: { rows, auditable, problem: null }, disagreeing };
  } catch (error) {
    if (!(error instanceof ReembedError)) throw error;
    return { audit: { rows, auditable, problem: error.message }, disagreeing };
  }
}

async function embedAgain(
  campaign: Campaign,
  role: Role,
  stored: readonly Stored[],
  embedder: Embedder,
): Promise<(Disagreeing & { similarity: number })[]> {
  const { model } = campaign[role];
  const fresh = await embedder(
    model,
    stored.map(({ text }) => text),
    'document',
    role,
  );
  return stored.map(({ key, text, vector }, i) => {
    const pair = { stored: JSON.parse(vector) as number[], fresh: fresh[i] ?? new Float32Array() };
    return { key, text, ...pair, similarity: similarity(pair.stored, pair.fresh, model.distance) };
  });
}

async function isUndecided(db: Queryable, campaign: Campaign, rows: number, disagreeing: number, auditable: number): Promise<boolean> {
  const { rows: decided } = await db.query<{ outcome: string }>('SELECT reembed.audit_outcome($1, $2, $3, $4) AS outcome', [
    disagreeing,
    rows,
    rows >= auditable,
    campaign.thresholds.maxAuditShare,
  ]);
  return decided[0]?.outcome === 'unsure';
}

/** Keys of the rows that disagreed when they were last audited, in the runs that count for the verdict of this one. */
async function disagreedBefore(db: Queryable, campaign: Campaign, role: Role): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `SELECT n.key::text AS key
       FROM (SELECT DISTINCT ON (a.key) a.key, a.similarity
               FROM reembed.evidence_runs((SELECT max(v.id) FROM reembed.validation AS v WHERE v.campaign = $1)) AS e(id)
               JOIN reembed.truth_audit AS a ON a.validation = e.id AND a.role = $2
              ORDER BY a.key, a.validation DESC) AS n
      WHERE n.similarity < $3`,
    [campaign.name, role, campaign.thresholds.minAuditSimilarity - 1e-9],
  );
  return rows.map(({ key }) => key);
}

async function oldCause(campaign: Campaign, { audit, disagreeing }: AuditedRole, find: FindCause | undefined): Promise<string | null> {
  if (disagreeing.length === 0) return null;
  if (disagreeing.length < SHARE_TO_EXPLAIN * audit.rows.length)
    return 'most rows agree, so these are of texts that changed since, or were embedded by other code';
  return find === undefined ? null : causeText(await find(campaign, disagreeing.slice(0, ROWS_TO_EXPLAIN)));
}
