import pg from 'pg';
import type { Campaign, ComparedModel } from './campaign.ts';

/** A row that a search returned. */
export interface FoundRow {
  key: string;
  /** what judgements call the row: its key, or the column chosen for it */
  judgedId: string;
  distance: number;
}

/** Where a search looks, in SQL: which rows there are, and how far they are from a query. */
export interface SearchSource {
  /** of the target: see asOwner() */
  suffix: string;
  /** FROM items; the row has the alias t */
  rows: string;
  /** the same over a sample of the pages; null where that cannot be had */
  sampledRows: string | null;
  /** vector of the row */
  vector: string;
  /** whether the row may be a result, where that is not certain; looked at in few rows only, because it reads their text */
  isEligible: string | null;
  /** key as one text, and what judgements call the row */
  keyText: string;
  judgedId: string;
  /** key columns, to order rows of one distance by */
  keyColumns: string;
  vectorType: string;
  operator: string;
}

/** The table itself with the vectors of one of the models. */
export function tableSource(campaign: Campaign, compared: ComparedModel, judgementColumn?: string): SearchSource {
  return {
    suffix: campaign.suffix,
    rows: `${campaign.table} AS t ${compared.join}`,
    sampledRows: `${campaign.table} AS t TABLESAMPLE SYSTEM (${samplePercent(campaign)}) ${compared.join}`,
    vector: compared.vector,
    // A row of a side table has a text, or it would not be there; beside it the names of the text's columns may be ambiguous.
    isEligible: compared.join ? null : campaign.hasText,
    keyText: campaign.keyText,
    judgedId: judgedIdSql(campaign, judgementColumn),
    keyColumns: campaign.keyColumns,
    vectorType: compared.vectorType,
    operator: compared.operator,
  };
}

/**
 * What the application's searches read when the model is live: what its view is made of, so that no right on the view is needed.
 */
export function liveSource(campaign: Campaign, compared: ComparedModel): SearchSource {
  return { ...tableSource(campaign, compared), isEligible: null };
}

/**
 * The rows of the live view that a condition holds for, as it will be with the model.
 *
 * @param filter condition on the columns of the view, admitted by admitFilter()
 */
export function filteredSource(campaign: Campaign, compared: ComparedModel, filter: string): SearchSource {
  return {
    ...liveSource(campaign, compared),
    rows: `(SELECT * FROM ${compared.view} AS t WHERE (\n${filter}\n)) AS t`,
    sampledRows: null,
    vector: `t.${campaign.viewVector}`,
  };
}

/** SQL for the id that judgements give a row under the alias t. */
export function judgedIdSql(campaign: Campaign, judgementColumn?: string): string {
  return judgementColumn ? `t.${pg.escapeIdentifier(judgementColumn)}::text` : campaign.keyText;
}

const SMALLEST_SAMPLE = 500;
const NEIGHBOURS = 10;

/**
 * Rows that a sample of the table's pages should hold. A search sorts the sample, and then about k rows of the table for each time that the
 * sample goes into it: both together are least at the root of k times the rows. Twice that, because rows of one page may be alike.
 */
function sampleSize({ estimatedRows }: Campaign): number {
  return Math.max(SMALLEST_SAMPLE, 2 * Math.sqrt(NEIGHBOURS * estimatedRows));
}

function samplePercent(campaign: Campaign): number {
  return Math.min(100, (100 * sampleSize(campaign)) / Math.max(1, campaign.estimatedRows));
}
