import type { Queryable } from '../../database/connection.ts';
import { ReembedError } from '../../errors.ts';
import type { Campaign, ComparedModel, Role } from '../campaign.ts';
import type { Embedder } from '../queries/read-queries.ts';
import { asOwner } from '../search/as-owner.ts';

/** A row whose text was embedded again, as stored in reembed.truth_audit. */
export interface AuditedRow {
  role: Role;
  /** key as JSON text */
  key: string;
  /** similarity of the stored and the fresh vector, -1 to 1 */
  similarity: number;
}

/** Results of an audit, and the reasons why a part could not be done. */
export interface TruthAudit {
  rows: AuditedRow[];
  /** reason that no new vector was compared; null if one was, or none was requested */
  problem: string | null;
  /** reason that no old vector was compared, for example that the old model is no longer available */
  oldProblem: string | null;
}

/**
 * Embeds the texts of random rows again and compares the result with the stored vectors. Finds a wrong model name, a model that the
 * provider changed silently, and a column whose vectors are of another model than declared. Rows that wait for a new vector, or failed, are
 * left out.
 *
 * An unavailable provider says nothing about the vectors: the audit then records the reason, and nothing is thrown.
 *
 * @param size number of rows to audit per model
 * @param seed the same seed draws the same rows
 */
export async function auditTruth(db: Queryable, campaign: Campaign, embedder: Embedder, size: number, seed: number): Promise<TruthAudit> {
  if (size === 0) return { rows: [], problem: null, oldProblem: null };
  const audit = async (role: Role) => {
    const compared = campaign[role];
    const drawn = await drawStored(db, campaign, compared, size, seed);
    if (drawn.length === 0) return { rows: [], problem: 'no row has a vector of its present text' };
    try {
      const fresh = await embedder(
        compared.model,
        drawn.map(({ text }) => text),
        'document',
        role,
      );
      const rows = drawn.map(({ key, vector }, i) => ({
        role,
        key,
        similarity: similarity(JSON.parse(vector) as number[], fresh[i] ?? [], compared.model.distance),
      }));
      return { rows, problem: null };
    } catch (error) {
      if (!(error instanceof ReembedError)) throw error;
      return { rows: [], problem: error.message };
    }
  };
  const renewed = await audit('new');
  const old = await audit('old');
  return { rows: [...renewed.rows, ...old.rows], problem: renewed.problem, oldProblem: old.problem };
}

/** Returns the rows whose stored vector agrees with the fresh one. */
export function agreeing(rows: readonly AuditedRow[], minSimilarity: number): AuditedRow[] {
  return rows.filter((row) => row.similarity >= minSimilarity - TOLERANCE);
}

// As in reembed.judge_validation().
const TOLERANCE = 1e-9;

/**
 * Cosine similarity of two vectors. If the distance of the model depends on lengths, twice the inner product divided by the sum of the
 * squared lengths: equal to the cosine for vectors of equal length, lower if the lengths differ.
 *
 * @returns -1 to 1; 0 if one of them is zero or their dimensions differ
 */
export function similarity(stored: ArrayLike<number>, fresh: ArrayLike<number>, distance: ComparedModel['model']['distance']): number {
  if (stored.length !== fresh.length) return 0;
  let product = 0;
  let first = 0;
  let second = 0;
  for (let i = 0; i < stored.length; i++) {
    const [a, b] = [stored[i] as number, fresh[i] as number];
    product += a * b;
    first += a * a;
    second += b * b;
  }
  if (first === 0 || second === 0) return 0;
  return distance === 'cosine' ? product / Math.sqrt(first * second) : (2 * product) / (first + second);
}

async function drawStored(
  db: Queryable,
  campaign: Campaign,
  { role, model, vector, join }: ComparedModel,
  size: number,
  seed: number,
): Promise<{ key: string; text: string; vector: string }[]> {
  // Text and vector come from one snapshot. A row with a waiting change may still have the vector of its previous text.
  const { rows } = await db.query<{ failed: string[] }>('SELECT reembed.failed_keys($1, $2)::text[] AS failed', [
    campaign.target,
    model.name,
  ]);
  const drawn = await asOwner(db, campaign).query<{ key: string; text: string; vector: string }>(
    `SELECT key::text AS key, text, vector::text AS vector
       FROM (SELECT (${campaign.keyObject})::text AS key, t.reembed_text AS text, ${vector} AS vector
               FROM (SELECT t.*, ${campaign.text} AS reembed_text FROM ${campaign.table} AS t
                      WHERE ${campaign.hasText} AND NOT ${campaign.isWaiting[role]}
                        AND NOT EXISTS (SELECT FROM unnest($3::jsonb[]) AS f(key) WHERE f.key = ${campaign.keyObject})) AS t ${join}
              WHERE ${vector} IS NOT NULL
              ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint) AS drawn`,
    [size, seed, rows[0]?.failed ?? []],
  );
  return drawn.rows;
}
