import pg from 'pg';
import type { Campaign, ComparedModel } from '../campaign.ts';

/** A row that a search returned. */
export interface FoundRow {
  key: string;
  /** id of the row in the judgements: its key, or the value of the chosen column */
  judgedId: string;
  distance: number;
}

/** The SQL parts of a search: which rows exist, and their distance from a query. */
export interface SearchSource {
  /** suffix of the target: see asOwner() */
  suffix: string;
  /** FROM items; the row has the alias t */
  rows: string;
  /** the same over a sample of the pages; null if sampling is not possible */
  sampledRows: string | null;
  /** vector of the row */
  vector: string;
  /** whether the row may be a result; null if that is certain; evaluated for few rows only, because it reads their text */
  isEligible: string | null;
  /** key as one text, and id of the row in the judgements */
  keyText: string;
  judgedId: string;
  /** key columns, which order rows at the same distance */
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
    // A row of a side table always has a text, and joining the side table could make the names of the text's columns ambiguous.
    isEligible: compared.join ? null : campaign.hasText,
    keyText: campaign.keyText,
    judgedId: judgedIdSql(campaign, judgementColumn),
    keyColumns: campaign.keyColumns,
    vectorType: compared.vectorType,
    operator: compared.operator,
  };
}

/** What the application's searches read when the model is live: the tables behind its view, so that no privilege on the view is needed. */
export function liveSource(campaign: Campaign, compared: ComparedModel): SearchSource {
  return { ...tableSource(campaign, compared), isEligible: null };
}

/**
 * The rows of the live view that meet a condition, as the view will be with the model.
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

/** SQL of the id that judgements use for the row with alias t. */
export function judgedIdSql(campaign: Campaign, judgementColumn?: string): string {
  return judgementColumn ? `t.${pg.escapeIdentifier(judgementColumn)}::text` : campaign.keyText;
}

const SMALLEST_SAMPLE = 500;
const NEIGHBOURS = 10;

/**
 * Number of rows that a sample of the table's pages should contain. A search sorts the sample, and then about k times as many table rows as
 * the table is larger than the sample. The sum is smallest at the square root of k times the rows. The result is doubled, because rows of
 * one page may be similar.
 */
function sampleSize({ estimatedRows }: Campaign): number {
  return Math.max(SMALLEST_SAMPLE, 2 * Math.sqrt(NEIGHBOURS * estimatedRows));
}

function samplePercent(campaign: Campaign): number {
  return Math.min(100, (100 * sampleSize(campaign)) / Math.max(1, campaign.estimatedRows));
}
