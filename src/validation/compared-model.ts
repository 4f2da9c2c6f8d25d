import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { formKey, type IndexForm } from '../database/index-form.ts';
import { loadModel, type ModelRow } from '../embedding/models.ts';

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

const OPERATORS: Record<ModelRow['distance'], string> = { cosine: '<=>', l2: '<->', inner_product: '<#>' };

/** Where the vectors of a model are, as storedVectorsSql() returns it. */
export interface StoredVectors extends Pick<ComparedModel, 'vector' | 'join' | 'view' | 'leaves'> {
  model: string;
  form: IndexForm;
}

/**
 * SQL of StoredVectors as JSON, beside reembed.target as t.
 *
 * @param alias of the row of reembed.vector_column: o for the old model, w for the new one
 */
export function storedVectorsSql(alias: 'o' | 'w'): string {
  const form = `(SELECT json_build_object('name', f.form, 'dimensions', f.dimensions) FROM reembed.index_form(t.name, ${alias}.model) AS f)`;
  return `json_build_object('model', ${alias}.model, 'vector', ${vectorSql(alias)}, 'join', ${joinSql(alias)},
                              'view', format('%I.%I', reembed.view_schema(t.name), reembed.model_view_name(t.name, ${alias}.model)),
                              'form', ${form}, 'leaves', ${leavesSql(alias)})`;
}

function vectorSql(alias: 'o' | 'w'): string {
  return `CASE WHEN ${alias}.column_name IS NOT NULL THEN format('%s.%I', CASE ${alias}.storage WHEN 'column' THEN 't' ELSE '${sideOf(alias)}' END, ${alias}.column_name) END`;
}

function joinSql(alias: 'o' | 'w'): string {
  const side = sideOf(alias);
  return `CASE ${alias}.storage WHEN 'side_table' THEN format('JOIN %s AS ${side} ON %s', ${alias}.relation,
            reembed.each_key(t.name, '${side}.{side} OPERATOR({operator}) t.{column}', ' AND ', ${alias}.relation)) ELSE '' END`;
}

function leavesSql(alias: 'o' | 'w'): string {
  return `CASE WHEN reembed.is_partitioned(${alias}.relation) AND EXISTS (SELECT FROM reembed.nearest_function(t.name, reembed.model_view_name(t.name, ${alias}.model)))
               THEN (SELECT count(*)::integer FROM reembed.leaves(${alias}.relation)) END`;
}

function sideOf(alias: 'o' | 'w'): string {
  return alias === 'o' ? 'old_side' : 'new_side';
}

/** Loads the definition of a model and adds it to what is known about its vectors. */
export async function loadComparedModel(db: Queryable, role: Role, stored: StoredVectors, vectorSchema: string): Promise<ComparedModel> {
  const model = await loadModel(db, stored.model);
  const { vector, join, view, form, leaves } = stored;
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
