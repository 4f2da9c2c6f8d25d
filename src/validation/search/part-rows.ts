import type { ValidationRecord } from '../verdict/validation-record.ts';

/** Filtered searches, with the column names of reembed.validation_filter. */
export function filterRows({ filters }: Pick<ValidationRecord, 'filters'>) {
  return filters.map((one) => ({
    filter: one.filter,
    iterative_scan: one.iterativeScan,
    queries: one.queries,
    wanted_rows: one.wantedRows,
    returned_rows: one.returnedRows,
    short_queries: one.shortQueries,
    index_recall: one.indexRecall,
    returned_share: one.returnedShare,
    returned_share_sd: one.returnedShareSd,
    index_recall_sd: one.indexRecallSd,
  }));
}

/** Measurements of the stored vectors, with the column names of reembed.validation_integrity. */
export function integrityRows({ integrity }: Pick<ValidationRecord, 'integrity'>) {
  return integrity.map((one) => ({
    role: one.role,
    model: one.model,
    rows: one.rows,
    zero_rows: one.zeroRows,
    not_finite_rows: one.notFiniteRows,
    wrong_dimensions_rows: one.wrongDimensionsRows,
    unit_length_rows: one.unitLengthRows,
    odd_norm_rows: one.oddNormRows,
    norm_min: one.norm?.min ?? null,
    norm_median: one.norm?.median ?? null,
    norm_max: one.norm?.max ?? null,
    shared_vector_rows: one.sharedVectorRows,
    checksum_at: one.checksum?.at ?? null,
    unchanged_rows: one.checksum?.unchangedRows ?? null,
    set_aside_rows: one.checksum?.setAsideRows ?? null,
    changed_rows: one.checksum?.changedRows ?? null,
  }));
}

/** Mapped cut-offs, with the column names of reembed.score_cutoff. */
export function cutoffRows({ cutoffs }: Pick<ValidationRecord, 'cutoffs'>) {
  return cutoffs.map((one) => ({
    basis: one.basis,
    old_cutoff: one.oldCutoff,
    new_cutoff: one.newCutoff,
    new_cutoff_low: one.newCutoffLow,
    new_cutoff_high: one.newCutoffHigh,
    share_before: one.share.before,
    share_after: one.share.after,
    precision_before: one.precision?.before ?? null,
    precision_after: one.precision?.after ?? null,
    recall_before: one.recall?.before ?? null,
    recall_after: one.recall?.after ?? null,
    f1_before: one.f1?.before ?? null,
    f1_after: one.f1?.after ?? null,
  }));
}
