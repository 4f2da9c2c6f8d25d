import type { Config } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import type { OwnersConnection } from '../database/owners-connection.ts';
import { isInstalled } from '../database/sql-objects.ts';
import type { TextSource } from '../embedding/disagreement/candidate-texts.ts';
import { knownModel } from '../embedding/model-catalog.ts';
import { loadModel, type ModelRow } from '../embedding/models.ts';
import { MIN_SIMILARITY } from '../embedding/similarity.ts';
import { ReembedError } from '../errors.ts';
import { distanceOfIndexes } from '../plan/index-plan.ts';
import { hasDimensions, type TableFacts } from '../plan/inspect.ts';
import { checkOldModel, type OldModelRequest } from '../plan/old-model-check.ts';
import { drawStoredRows } from '../plan/stored-rows.ts';
import { error, type Finding, ok } from './check.ts';

/** Compares stored vectors with those that their model returns for the same rows. */
export async function compareStoredRows(request: OldModelRequest, config: Config): Promise<Finding> {
  const name = 'stored vectors';
  try {
    const { finding, refusal } = await checkOldModel(request, config);
    return { name, ...(refusal ? error(refusal.message, refusal.remedy) : ok(finding)) };
  } catch (thrown) {
    if (!(thrown instanceof ReembedError)) throw thrown;
    return { name, ...error(thrown.message, thrown.remedy) };
  }
}

/**
 * Draws the rows to compare; undefined if the model of the vectors is not known.
 *
 * @param named model of the vectors, if the table is not registered
 */
export async function oldModelRequest(
  db: Queryable,
  owner: OwnersConnection,
  facts: TableFacts,
  text: TextSource,
  named: string | undefined,
): Promise<OldModelRequest | undefined> {
  const known = (await registeredModel(db, facts)) ?? namedModel(facts, named);
  if (!known) return undefined;
  return {
    ...known,
    column: `${facts.table}.${facts.column}`,
    isTyped: hasDimensions(facts.columnType),
    stored: await drawStoredRows(db, owner, facts, text),
    otherModels: [],
  };
}

type KnownModel = Pick<OldModelRequest, 'model' | 'role' | 'minSimilarity'>;

async function registeredModel(db: Queryable, facts: TableFacts): Promise<KnownModel | undefined> {
  if (!(await isInstalled(db))) return undefined;
  // Of a running campaign, the column of the target holds the vectors of the old model.
  const { rows } = await db.query<{ model: string; role: 'old' | 'new'; minSimilarity: number }>(
    `SELECT v.model, v.role, s.min_audit_similarity::float8 AS "minSimilarity"
       FROM reembed.target AS t JOIN reembed.setting AS s ON s.target = t.name JOIN reembed.vector_column AS v ON v.target = t.name
      WHERE t.relation = $1 AND t.column_name = $2 AND t.part = '' AND v.column_name = $2 ORDER BY v.role = 'old' DESC LIMIT 1`,
    [facts.oid, facts.column],
  );
  return rows[0] && { ...rows[0], model: await loadModel(db, rows[0].model) };
}

function namedModel(facts: TableFacts, name: string | undefined): KnownModel | undefined {
  if (name === undefined || facts.dimensions === null) return undefined;
  const catalog = knownModel(name);
  const model: ModelRow = {
    name,
    provider_model: name,
    dimensions: facts.dimensions,
    element_type: facts.elementType,
    distance: distanceOfIndexes(facts.indexes) ?? 'cosine',
    document_prefix: catalog.documentPrefix,
    query_prefix: catalog.queryPrefix,
    send_dimensions: catalog.takesDimensions,
    token_limit: catalog.tokenLimit,
    usd_per_million_tokens: catalog.usdPerMillionTokens,
    provider: null,
  };
  return { model, role: 'old', minSimilarity: MIN_SIMILARITY };
}
