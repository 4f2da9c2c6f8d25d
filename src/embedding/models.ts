import type { Queryable } from '../database/connection.ts';
import type { Distance, ElementType } from '../database/element-types.ts';

/** A row of reembed.model. */
export interface ModelRow {
  name: string;
  provider_model: string;
  dimensions: number;
  element_type: ElementType;
  distance: Distance;
  document_prefix: string;
  query_prefix: string;
  send_dimensions: boolean;
  token_limit: number | null;
  usd_per_million_tokens: number | null;
  /** provider of the configuration file; null: that of the environment */
  provider: string | null;
}

/** Reads the definition of a model of a campaign. */
export async function loadModel(db: Queryable, name: string): Promise<ModelRow> {
  const { rows } = await db.query<ModelRow>(
    `SELECT name, provider_model, dimensions, element_type, distance, document_prefix, query_prefix, send_dimensions, token_limit, provider,
            usd_per_million_tokens::double precision AS usd_per_million_tokens
       FROM reembed.model WHERE name = $1`,
    [name],
  );
  const model = rows[0];
  if (!model) throw new Error(`model ${name} is not in reembed.model`);
  return model;
}
