import pg from 'pg';
import type { Campaign } from '../campaign.ts';
import type { CandidateOrder, ComparedModel, Role } from '../compared-model.ts';
import { NO_VALUE } from '../queries/queries.ts';

/** A row that a search returned, or a group of rows with the distance of its nearest row. */
export interface FoundRow {
  /** key of the row, or value of the column that groups the rows */
  key: string;
  /** id of the row in the judgements: its key, or the value of the chosen column */
  judgedId: string;
  distance: number;
}

/** What the results of a search are called, and whether they are rows or groups of rows. */
export interface ResultNames {
  /** column that holds the ids of the judgements, instead of the key */
  judgementColumn?: string | undefined;
  /** column whose values group the rows: each group counts once, by its nearest row */
  groupBy?: string | undefined;
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
  /** whether the row takes part: it has a vector, and while the backfill runs a vector of the other model too */
  isStored: string;
  /** whether the row may be a result; null if that is certain; evaluated for few rows only, because it reads their text */
  isEligible: string | null;
  /** key as one text, or the id of its group; and id of the row in the judgements */
  keyText: string;
  judgedId: string;
  /** whether several rows are one result */
  isGrouped: boolean;
  /** key columns, which order rows at the same distance */
  keyColumns: string;
  vectorType: string;
  operator: string;
  /** how candidates are read from the index, and how many; null where the index holds the vectors themselves */
  candidates: (CandidateOrder & { count: number }) | null;
  /** number of leaf indexes that share these candidates, as in the function for searches; null where the settings of the session hold */
  shares: { leaves: number; candidates: number } | null;
}

/**
 * The table itself with the vectors of one of the models. Until the backfill has ended, only rows with a vector of both models: both then
 * search the same rows.
 */
export function tableSource(campaign: Campaign, compared: ComparedModel, names: ResultNames = {}): SearchSource {
  const join = campaign.isPartial ? `${campaign.old.join} ${campaign.new.join}` : compared.join;
  const { groupBy } = names;
  return {
    suffix: campaign.suffix,
    rows: `${campaign.rows} ${join}`,
    // A sample of the table could miss a small part of it.
    sampledRows:
      campaign.part === null
        ? `${campaign.table} AS t TABLESAMPLE SYSTEM (${samplePercent(campaign)}) ${join}`
        : `${campaign.rows} ${join}`,
    vector: compared.vector,
    isStored: campaign.isPartial ? hasBothVectors(campaign) : `${compared.vector} IS NOT NULL`,
    // A row of a side table always has a text, and joining the side table could make the names of the text's columns ambiguous.
    isEligible: join.trim() ? null : campaign.hasText,
    keyText: groupBy === undefined ? campaign.keyText : groupIdSql(campaign, groupBy),
    judgedId: judgedIdSql(campaign, names),
    isGrouped: groupBy !== undefined,
    keyColumns: campaign.keyColumns,
    vectorType: compared.vectorType,
    operator: compared.operator,
    candidates: compared.candidates && { ...compared.candidates, count: campaign.candidates },
    shares: compared.leaves === null ? null : { leaves: compared.leaves, candidates: campaign.candidates },
  };
}

/** What the application's searches read when the model is live: the tables behind its view, so that no privilege on the view is needed. */
export function liveSource(campaign: Campaign, compared: ComparedModel): SearchSource {
  return { ...tableSource({ ...campaign, isPartial: false }, compared), isEligible: null };
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
    isStored: `t.${campaign.viewVector} IS NOT NULL`,
    // The function has no filters.
    shares: null,
  };
}

/** SQL of the id that judgements use for the row with alias t. */
export function judgedIdSql(campaign: Campaign, { judgementColumn, groupBy }: ResultNames): string {
  const column = groupBy ?? judgementColumn;
  return column ? `t.${pg.escapeIdentifier(column)}::text` : campaign.keyText;
}

/** SQL of the group of the row with alias t. A row without a value is a group of its own. */
export function groupIdSql(campaign: Campaign, groupBy: string): string {
  return `coalesce(t.${pg.escapeIdentifier(groupBy)}::text, '${NO_VALUE} ' || ${campaign.keyText})`;
}

/** SQL of whether a row, joined to its side tables, has a vector of both models. */
export function hasBothVectors({ old, new: renewed }: Pick<Campaign, Role>): string {
  return `${old.vector} IS NOT NULL AND ${renewed.vector} IS NOT NULL`;
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
