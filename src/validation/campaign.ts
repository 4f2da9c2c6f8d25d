import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { formKey, type IndexForm } from '../database/index-form.ts';
import { loadModel, type ModelRow } from '../embedding/models.ts';
import { NothingToCompare } from './validation-error.ts';

/** The old or the new model. */
export type Role = 'old' | 'new';

/** One of the two compared models, and where its vectors are. */
export interface ComparedModel {
  role: Role;
  model: ModelRow;
  /** SQL of the vector of the row with alias t */
  vector: string;
  /** SQL that joins the side table of the vectors to the row; empty if the vectors are a column of the row */
  join: string;
  /** qualified type of the column, without dimensions */
  vectorType: string;
  /** qualified distance operator of the model */
  operator: string;
  /** how candidates are read from an index that holds less than the vectors; null where it holds them */
  candidates: CandidateOrder | null;
  /** leaf indexes among which the function reembed_live.nearest_… shares its candidates; null where it has the settings of the session, or there is none */
  leaves: number | null;
  /** qualified and quoted name of the view that shows the table with the vectors of this model, as the live view does */
  view: string;
}

/** The order in which an index returns candidates, which are then ranked by the exact distance. */
export interface CandidateOrder {
  /** SQL of what the index holds of a vector, for that of a row and that of a query */
  keyOf(vector: string): string;
  /** qualified operator of that order */
  operator: string;
}

/** Thresholds of reembed.setting, shown beside the figures. reembed.judge_validation() applies them. */
export interface Thresholds {
  /** null: overlap is not judged */
  minOverlap: number | null;
  minIndexRecall: number;
  /** share of the old figure */
  maxNdcgLoss: number;
  maxFailedRows: number;
  minFilteredRows: number;
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
  old_model: string | null;
  old_vector: string | null;
  old_join: string | null;
  old_view: string | null;
  new_model: string;
  new_vector: string;
  new_join: string;
  new_view: string;
  old_form: IndexForm;
  new_form: IndexForm;
  old_leaves: number | null;
  new_leaves: number | null;
  candidates: number;
  index_name: string | null;
  index_method: string | null;
  old_model_gone: boolean;
  is_partial: boolean;
  estimated_rows: number;
  blocks: number;
  thresholds: Thresholds;
}

const OPERATORS: Record<ModelRow['distance'], string> = { cosine: '<=>', l2: '<->', inner_product: '<#>' };

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
            reembed.vector_schema() AS vector_schema, o.model AS old_model, w.model AS new_model, reembed.main_index(m.name) AS index_name,
            ${vectorSql('o')} AS old_vector, ${joinSql('o')} AS old_join, ${viewSql('o')} AS old_view,
            (SELECT json_build_object('name', f.form, 'dimensions', f.dimensions) FROM reembed.index_form(t.name, o.model) AS f) AS old_form,
            (SELECT json_build_object('name', f.form, 'dimensions', f.dimensions) FROM reembed.index_form(t.name, w.model) AS f) AS new_form,
            ${leavesSql('o')} AS old_leaves, ${leavesSql('w')} AS new_leaves,
            s.old_model_gone, s.candidates, ${vectorSql('w')} AS new_vector, ${joinSql('w')} AS new_join, ${viewSql('w')} AS new_view,
            (SELECT a.amname FROM pg_class AS ic JOIN pg_am AS a ON a.oid = ic.relam WHERE ic.oid = reembed.valid_main_index(m.name)) AS index_method,
            m.phase = ANY ('{expand,backfill}') AND reembed.valid_main_index(m.name) IS NULL
              AND (SELECT coalesce(bool_or(b.state <> 'done'), true) FROM reembed.batch AS b WHERE b.campaign = m.name) AS is_partial,
            z.blocks::float8 AS blocks,
            z.rows::float8 AS estimated_rows,
            json_build_object('minOverlap', s.min_overlap, 'minIndexRecall', s.min_index_recall, 'maxNdcgLoss', s.max_ndcg_loss,
                              'maxFailedRows', s.max_failed_rows, 'minFilteredRows', s.min_filtered_rows, 'maxLatencyRatio', s.max_latency_ratio,
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
  if (row.old_model === null || row.old_vector === null) throw new NothingToCompare(`the old vectors of ${row.campaign} are archived`);

  const { keys } = row;
  const [old, renewed] = [await loadModel(db, row.old_model), await loadModel(db, row.new_model)];
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
    old: comparedModel('old', old, row.old_vector, row.old_join ?? '', row.old_view ?? '', row.vector_schema, row.old_form, row.old_leaves),
    new: comparedModel('new', renewed, row.new_vector, row.new_join, row.new_view, row.vector_schema, row.new_form, row.new_leaves),
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

// Alias o is the row of reembed.vector_column for the old model, w the one for the new model. There is none for the old model after
// contract.
function vectorSql(alias: 'o' | 'w'): string {
  return `CASE WHEN ${alias}.column_name IS NOT NULL THEN format('%s.%I', CASE ${alias}.storage WHEN 'column' THEN 't' ELSE '${sideOf(alias)}' END, ${alias}.column_name) END`;
}

function joinSql(alias: 'o' | 'w'): string {
  const side = sideOf(alias);
  return `CASE ${alias}.storage WHEN 'side_table' THEN format('JOIN %s AS ${side} ON %s', ${alias}.relation,
            reembed.each_key(t.name, '${side}.{side} OPERATOR({operator}) t.{column}', ' AND ', ${alias}.relation)) ELSE '' END`;
}

function viewSql(alias: 'o' | 'w'): string {
  return `CASE WHEN ${alias}.model IS NOT NULL THEN format('%I.%I', reembed.view_schema(t.name), reembed.model_view_name(t.name, ${alias}.model)) END`;
}

function leavesSql(alias: 'o' | 'w'): string {
  return `CASE WHEN reembed.is_partitioned(${alias}.relation) AND EXISTS (SELECT FROM reembed.nearest_function(t.name, reembed.model_view_name(t.name, ${alias}.model)))
               THEN (SELECT count(*)::integer FROM reembed.leaves(${alias}.relation)) END`;
}

function sideOf(alias: 'o' | 'w'): string {
  return alias === 'o' ? 'old_side' : 'new_side';
}

function comparedModel(
  role: Role,
  model: ModelRow,
  vector: string,
  join: string,
  view: string,
  vectorSchema: string,
  form: IndexForm,
  leaves: number | null,
): ComparedModel {
  const schema = pg.escapeIdentifier(vectorSchema);
  return {
    role,
    model,
    vector,
    join,
    view,
    vectorType: `${schema}.${model.element_type}`,
    operator: `OPERATOR(${schema}.${OPERATORS[model.distance]})`,
    candidates:
      form.name === 'plain'
        ? null
        : {
            keyOf: (of) => formKey(form, of, model.element_type, model.dimensions, schema),
            operator: `OPERATOR(${schema}.${form.name === 'binary' ? '<~>' : OPERATORS[model.distance]})`,
          },
    leaves,
  };
}
