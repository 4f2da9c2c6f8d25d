import type { Queryable } from '../database/connection.ts';
import { type ComparedModel, loadComparedModel, type Role, type StoredVectors, storedVectorsSql } from './compared-model.ts';
import { NothingToCompare } from './validation-error.ts';

/** Thresholds of reembed.setting, shown beside the figures. reembed.judge_validation() applies them. */
export interface Thresholds {
  /** null: overlap is not judged */
  minOverlap: number | null;
  minIndexRecall: number;
  /** share of the old figure */
  maxNdcgLoss: number;
  maxFailedRows: number;
  maxLatencyRatio: number | null;
  maxAuditShare: number;
  minAuditSimilarity: number;
}

/** Everything a validation reads about a running campaign. */
export interface Campaign {
  name: string;
  target: string;
  /** suffix of the functions that are compiled for the target */
  suffix: string;
  /** qualified and quoted name */
  table: string;
  /** SQL of whether the row with alias t belongs to the part that is migrated; null for the whole table */
  part: string | null;
  /** SQL of the rows that the campaign migrates, with alias t */
  rows: string;
  /** by role, SQL of whether a change of the row with alias t waits for a vector */
  isWaiting: Record<Role, string>;
  /** SQL of the key of the row with alias t, as one text; values of several columns are joined by "/" */
  keyText: string;
  /** SQL of the key of the row with alias t, in the form of reembed.failed_row */
  keyObject: string;
  /** key columns of the row with alias t, for ORDER BY */
  keyColumns: string;
  /** SQL of the text of the row with alias t */
  text: string;
  /** the text as the campaign names it: columns, or none for an expression */
  textColumns: string[];
  textSql: string;
  /** SQL of whether the row with alias t has a text to embed */
  hasText: string;
  /** quoted name of the vector column in the views */
  viewVector: string;
  old: ComparedModel;
  new: ComparedModel;
  /** rows that an index of less than the vectors returns to a search, or the indexes of all leaves examine */
  candidates: number;
  indexName: string | null;
  /** access method of the index; null if there is no valid one */
  indexMethod: string | null;
  /** whether nobody can call the old model any more */
  oldModelGone: boolean;
  /** whether the backfill has not ended, so that only rows with vectors of both models can be compared */
  isPartial: boolean;
  /** number of rows in the table, as estimated by the server */
  estimatedRows: number;
  /** number of blocks in the table */
  blocks: number;
  thresholds: Thresholds;
}

interface CampaignRow {
  campaign: string;
  target: string;
  table: string;
  suffix: string;
  keys: string[];
  key_object: string;
  is_waiting: string;
  text_sql: string;
  part: string | null;
  text_columns: string[];
  view_vector: string;
  vector_schema: string;
  old: StoredVectors | null;
  new: StoredVectors;
  candidates: number;
  index_name: string | null;
  index_method: string | null;
  old_model_gone: boolean;
  is_partial: boolean;
  estimated_rows: number;
  blocks: number;
  thresholds: Thresholds;
}

// A table that was never analysed has no row estimate. Ten rows per block are usual if vectors are stored out of line.
const ROWS_A_BLOCK = 10;

/**
 * Reads the campaign that runs on a target.
 *
 * @param choice.target short or full name of the target; may be omitted if there is only one
 * @param choice.campaign name of a campaign, instead of the target
 * @throws NothingToCompare when the campaign is not running, or its old vectors are archived
 */
export async function loadCampaign(
  db: Queryable,
  choice: { target?: string | undefined; campaign?: string | undefined },
): Promise<Campaign> {
  const { rows } = await db.query<CampaignRow>(
    `SELECT m.name AS campaign, t.name AS target, format('%I.%I', n.nspname, c.relname) AS table, t.suffix,
            ARRAY(SELECT reembed.render('t.{column}', k.names) FROM reembed.key_names(t.name) AS k ORDER BY k.n) AS keys,
            format('pg_catalog.jsonb_build_object(%s)', reembed.each_key(t.name, '{label}, {open}t.{column}{close}')) AS key_object,
            format('EXISTS (SELECT FROM reembed.change_%s AS c WHERE %s AND c.needs_', t.suffix, reembed.each_key(t.name, 'c.key_{n} OPERATOR({operator}) t.{column}', ' AND ')) AS is_waiting,
            reembed.target_names(t.name) ->> 'content' AS text_sql, reembed.part_condition(t.name) AS part,
            ARRAY(SELECT a.attname::text FROM unnest(t.text_attnums) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = k.attnum
                   WHERE NOT t.is_expression ORDER BY k.n) AS text_columns, quote_ident(t.column_name) AS view_vector,
            reembed.vector_schema() AS vector_schema, reembed.main_index(m.name) AS index_name, s.old_model_gone, s.candidates,
            CASE WHEN o.column_name IS NOT NULL THEN ${storedVectorsSql('o')} END AS old, ${storedVectorsSql('w')} AS new,
            (SELECT a.amname FROM pg_class AS ic JOIN pg_am AS a ON a.oid = ic.relam WHERE ic.oid = reembed.valid_main_index(m.name)) AS index_method,
            m.phase = ANY ('{expand,backfill}') AND reembed.valid_main_index(m.name) IS NULL
              AND (SELECT coalesce(bool_or(b.state <> 'done'), true) FROM reembed.batch AS b WHERE b.campaign = m.name) AS is_partial,
            z.blocks::float8 AS blocks,
            z.rows::float8 AS estimated_rows,
            json_build_object('minOverlap', s.min_overlap, 'minIndexRecall', s.min_index_recall, 'maxNdcgLoss', s.max_ndcg_loss,
                              'maxFailedRows', s.max_failed_rows, 'maxLatencyRatio', s.max_latency_ratio,
                              'maxAuditShare', s.max_audit_share, 'minAuditSimilarity', s.min_audit_similarity) AS thresholds
       FROM reembed.target AS t
       JOIN pg_class AS c ON c.oid = t.relation
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
       JOIN reembed.setting AS s ON s.target = t.name
       JOIN reembed.vector_column AS w ON w.target = t.name AND w.role = 'new'
       JOIN reembed.campaign AS m ON m.name = w.campaign
       LEFT JOIN reembed.vector_column AS o ON o.target = t.name AND o.role = 'old'
      CROSS JOIN LATERAL (SELECT sum(b.blocks) AS blocks,
                                 sum(CASE WHEN f.reltuples > 0 AND f.relpages > 0 THEN f.reltuples / f.relpages ELSE ${ROWS_A_BLOCK} END * b.blocks) AS rows
                            FROM reembed.leaves(t.relation) AS l JOIN pg_class AS f ON f.oid = l.leaf CROSS JOIN LATERAL (SELECT reembed.blocks(l.leaf) AS blocks) AS b) AS z
      WHERE CASE WHEN $1::text IS NULL THEN t.name = reembed.resolve_target($2) ELSE m.name = $1 END`,
    [choice.campaign ?? null, choice.target ?? null],
  );
  const row = rows[0];
  if (!row)
    throw new NothingToCompare(choice.campaign ? `no campaign ${choice.campaign} is running` : 'no campaign is running on this table');
  if (row.old === null) throw new NothingToCompare(`the old vectors of ${row.campaign} are archived`);

  const { keys } = row;
  return {
    name: row.campaign,
    target: row.target,
    suffix: row.suffix,
    table: row.table,
    part: row.part,
    rows: row.part === null ? `${row.table} AS t` : `(SELECT * FROM ${row.table} AS t WHERE ${row.part}) AS t`,
    isWaiting: { new: `${row.is_waiting}new)`, old: `${row.is_waiting}old)` },
    keyText: keys.length === 1 ? `${keys[0]}::text` : `pg_catalog.concat_ws('/', ${keys.join(', ')})`,
    keyObject: row.key_object,
    keyColumns: keys.join(', '),
    text: `(${row.text_sql})::text`,
    textColumns: row.text_columns,
    textSql: row.text_sql,
    hasText: `reembed.has_text((${row.text_sql})::text)`,
    viewVector: row.view_vector,
    old: await loadComparedModel(db, 'old', row.old, row.vector_schema),
    new: await loadComparedModel(db, 'new', row.new, row.vector_schema),
    candidates: row.candidates,
    indexName: row.index_name,
    indexMethod: row.index_method,
    oldModelGone: row.old_model_gone,
    isPartial: row.is_partial,
    estimatedRows: row.estimated_rows,
    blocks: row.blocks,
    thresholds: row.thresholds,
  };
}
