import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';

/** Measurements of a model's stored vectors, as in reembed.validation_integrity. */
export interface Integrity {
  role: Role;
  model: string;
  rows: number;
  zeroRows: number;
  notFiniteRows: number;
  wrongDimensionsRows: number;
  unitLengthRows: number;
  oddNormRows: number;
  /** null without any vector */
  norm: { min: number; median: number; max: number } | null;
  sharedVectorRows: number;
  /** comparison of the old vectors with their checksum; null for the new vectors */
  checksum: ChecksumComparison | null;
}

/** Comparison of the old vectors with the checksum of this campaign. */
export interface ChecksumComparison {
  /** time the checksum was taken, as text; this run took it if there was none */
  at: string;
  unchangedRows: number;
  setAsideRows: number;
  changedRows: number;
}

/** Rows with a text, and those of them that lack a new vector. */
export interface Coverage {
  rows: number;
  missingRows: number;
  /** missing rows that the application changed in the last 30 seconds */
  justChangedRows: number;
  coverage: number;
}

/** See reembed.coverage(). */
export async function measureCoverage(db: Queryable, campaign: Campaign): Promise<Coverage> {
  const { rows } = await db.query<{ total: string; missing: string; just_changed: string }>(
    'SELECT total, missing, just_changed FROM reembed.coverage($1, $2)',
    [campaign.target, campaign.new.model.name],
  );
  const [total, missingRows, justChangedRows] = [Number(rows[0]?.total), Number(rows[0]?.missing), Number(rows[0]?.just_changed)];
  return { rows: total, missingRows, justChangedRows, coverage: total === 0 ? 1 : 1 - missingRows / total };
}

/** See reembed.measure_vectors() and reembed.compare_old_checksum(). Takes the checksum first if the campaign has none. */
export async function measureIntegrity(db: Queryable, campaign: Campaign): Promise<Integrity[]> {
  const checksum = await compareChecksum(db, campaign);
  return [await measure(db, campaign, 'new', null), await measure(db, campaign, 'old', checksum)];
}

/**
 * Compares the old vectors with the checksum of the campaign. If there is none, takes it, and all vectors count as unchanged.
 *
 * @returns changes since the checksum was taken
 */
async function compareChecksum(db: Queryable, campaign: Campaign): Promise<ChecksumComparison> {
  const taken = await db.query<{ taken: boolean }>('SELECT reembed.take_old_checksum($1) AS taken', [campaign.name]);
  const { rows } = await db.query<{ at: string; unchanged: string; set_aside: string; changed: string }>(
    `SELECT to_char(c.checksum_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at, c.unchanged_rows AS unchanged,
            c.set_aside_rows AS set_aside, c.changed_rows AS changed
       FROM ${taken.rows[0]?.taken ? JUST_TAKEN : 'reembed.compare_old_checksum($1)'} AS c`,
    [campaign.name],
  );
  const [row] = rows;
  return {
    at: row?.at ?? '',
    unchangedRows: Number(row?.unchanged),
    setAsideRows: Number(row?.set_aside),
    changedRows: Number(row?.changed),
  };
}

const JUST_TAKEN =
  '(SELECT taken_at AS checksum_at, rows AS unchanged_rows, 0 AS set_aside_rows, 0 AS changed_rows FROM reembed.old_vector_checksum WHERE campaign = $1)';

async function measure(db: Queryable, campaign: Campaign, role: Role, checksum: ChecksumComparison | null): Promise<Integrity> {
  const { rows } = await db.query<Record<string, string | number | null>>('SELECT * FROM reembed.measure_vectors($1, $2)', [
    campaign.target,
    role,
  ]);
  const row = rows[0] ?? {};
  const { norm_min: min, norm_median: median, norm_max: max } = row as Record<string, number | null>;
  return {
    role,
    model: campaign[role].model.name,
    rows: Number(row.rows),
    zeroRows: Number(row.zero_rows),
    notFiniteRows: Number(row.not_finite_rows),
    wrongDimensionsRows: Number(row.wrong_dimensions_rows),
    unitLengthRows: Number(row.unit_length_rows),
    oddNormRows: Number(row.odd_norm_rows),
    norm: typeof min === 'number' && typeof median === 'number' && typeof max === 'number' ? { min, median, max } : null,
    sharedVectorRows: Number(row.shared_vector_rows),
    checksum,
  };
}
