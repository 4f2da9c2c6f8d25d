import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { loadModel, type ModelRow } from '../embedding/models.ts';
import { NothingToCompare } from './validation-error.ts';

/** One of the two models under comparison, and where its vectors are. */
export interface ComparedModel {
  model: ModelRow;
  /** SQL of the vector of the row under the alias t */
  vector: string;
  /** SQL that joins the table of the vectors to the row, where they are not a column of its own; else empty */
  join: string;
  /** qualified type of the column, without dimensions */
  vectorType: string;
  /** qualified distance operator of the model */
  operator: string;
}

/** Thresholds of reembed.setting. */
export interface Thresholds {
  minOverlap: number;
  minIndexRecall: number;
  maxNdcgDrop: number;
  maxFailedRows: number;
}

/** Everything about a running campaign that a validation reads. */
export interface Campaign {
  migration: string;
  target: string;
  /** qualified and quoted */
  table: string;
  /** SQL that gives the key of a row, under the alias t, as one text; several columns are joined by "/" */
  keyText: string;
  /** key columns of the row under the alias t, to order by */
  keyColumns: string;
  /** SQL that says whether the row under the alias t has a text to embed */
  hasText: string;
  old: ComparedModel;
  new: ComparedModel;
  indexName: string | null;
  /** access method of the index, where a valid one exists */
  indexMethod: string | null;
  thresholds: Thresholds;
}

interface CampaignRow {
  migration: string;
  target: string;
  table: string;
  key_columns: string[];
  text_sql: string;
  vector_schema: string;
  old_model: string | null;
  old_vector: string | null;
  old_join: string | null;
  new_model: string;
  new_vector: string;
  new_join: string;
  index_name: string | null;
  index_method: string | null;
  thresholds: Thresholds;
}

const OPERATORS: Record<ModelRow['distance'], string> = { cosine: '<=>', l2: '<->', inner_product: '<#>' };

/**
 * Reads the campaign that runs on a target.
 *
 * @param choice.target name of the target, short or full; may be left out where there is only one
 * @param choice.migration name of a campaign, instead
 * @throws NothingToCompare when the campaign is not running, or its old vectors are archived
 */
export async function loadCampaign(
  db: Queryable,
  choice: { target?: string | undefined; migration?: string | undefined },
): Promise<Campaign> {
  const { rows } = await db.query<CampaignRow>(
    `SELECT m.name AS migration, t.name AS target, format('%I.%I', n.nspname, c.relname) AS table, t.key_columns::text[] AS key_columns, reembed.row_text_sql(t.name) AS text_sql,
            vn.nspname AS vector_schema, o.model AS old_model, w.model AS new_model, m.index_name,
            format('%s.%I', CASE WHEN o.is_side_table THEN 'old_side' ELSE 't' END, o.column_name) AS old_vector,
            format('%s.%I', CASE WHEN w.is_side_table THEN 'new_side' ELSE 't' END, w.column_name) AS new_vector,
            CASE WHEN o.is_side_table THEN format('JOIN %s AS old_side ON %s', o.relation, reembed.same_key_sql(t.name, 't', 'old_side')) ELSE '' END AS old_join,
            CASE WHEN w.is_side_table THEN format('JOIN %s AS new_side ON %s', w.relation, reembed.same_key_sql(t.name, 't', 'new_side')) ELSE '' END AS new_join,
            (SELECT a.amname FROM pg_index AS i JOIN pg_class AS ic ON ic.oid = i.indexrelid JOIN pg_am AS a ON a.oid = ic.relam
              WHERE i.indrelid = w.relation AND ic.relname = m.index_name AND reembed.index_is_valid(m.name)) AS index_method,
            json_build_object('minOverlap', s.min_overlap, 'minIndexRecall', s.min_index_recall,
                              'maxNdcgDrop', s.max_ndcg_drop, 'maxFailedRows', s.max_failed_rows) AS thresholds
       FROM reembed.target AS t
       JOIN pg_class AS c ON c.oid = t.relation
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
       JOIN reembed.setting AS s ON s.target = t.name
       JOIN reembed.vector_column AS w ON w.target = t.name AND w.role = 'new'
       JOIN reembed.migration AS m ON m.name = w.migration
       LEFT JOIN reembed.vector_column AS o ON o.target = t.name AND o.role = 'old'
       JOIN pg_extension AS e ON e.extname = 'vector'
       JOIN pg_namespace AS vn ON vn.oid = e.extnamespace
      WHERE CASE WHEN $1::text IS NULL THEN t.name = reembed.resolve_target($2) ELSE m.name = $1 END`,
    [choice.migration ?? null, choice.target ?? null],
  );
  const row = rows[0];
  if (!row)
    throw new NothingToCompare(choice.migration ? `no campaign ${choice.migration} is running` : 'no campaign is running on this table');
  if (row.old_model === null || row.old_vector === null) throw new NothingToCompare(`the old vectors of ${row.migration} are archived`);

  const keys = row.key_columns.map((column) => `t.${pg.escapeIdentifier(column)}`);
  return {
    migration: row.migration,
    target: row.target,
    table: row.table,
    keyText: keys.length === 1 ? `${keys[0]}::text` : `concat_ws('/', ${keys.join(', ')})`,
    keyColumns: keys.join(', '),
    hasText: `reembed.has_text((${row.text_sql})::text)`,
    old: comparedModel(await loadModel(db, row.old_model), row.old_vector, row.old_join ?? '', row.vector_schema),
    new: comparedModel(await loadModel(db, row.new_model), row.new_vector, row.new_join, row.vector_schema),
    indexName: row.index_name,
    indexMethod: row.index_method,
    thresholds: row.thresholds,
  };
}

function comparedModel(model: ModelRow, vector: string, join: string, vectorSchema: string): ComparedModel {
  const schema = pg.escapeIdentifier(vectorSchema);
  return {
    model,
    vector,
    join,
    vectorType: `${schema}.${model.element_type}`,
    operator: `OPERATOR(${schema}.${OPERATORS[model.distance]})`,
  };
}
