import { createHash } from 'node:crypto';
import type { Queryable } from './database.ts';

/** A model that a target can currently be searched with: what reembed.reading() returns, with all that is needed to embed a query. */
export interface ServedModel {
  /** table and column, as `public.documents.embedding` */
  target: string;
  /** whether the campaign leads from this model or to it */
  role: 'old' | 'new';
  name: string;
  /** name of the model at its provider */
  provider_model: string;
  dimensions: number;
  element_type: 'vector' | 'halfvec';
  distance: 'cosine' | 'l2' | 'inner_product';
  /** what the text of a row begins with */
  document_prefix: string;
  /** what the text of a query begins with */
  query_prefix: string;
  /** whether the provider is sent the dimensions */
  send_dimensions: boolean;
  token_limit: number | null;
  usd_per_million_tokens: number | null;
  /** provider of the toolkit's configuration file; null: that of its environment */
  provider: string | null;
}

/** Settings of the shadow reads of a target. */
export interface ShadowSettings {
  /** percentage of searches that are followed by a shadow read */
  percent: number;
  /** maximum number of shadow reads per second in this process */
  perSecond: number;
  timeoutMs: number;
  /** whether the text of the query is stored */
  keepsText: boolean;
}

/** A model and the view that shows its vectors. */
export interface Side {
  model: ServedModel;
  /** the view to search, schema-qualified and quoted where needed */
  view: string;
  /** the function that returns the rows of the view nearest to a query, with the settings that its index needs; null if there is none */
  nearest: string | null;
}

/** How a target is currently read. */
export interface Reading {
  target: string;
  /** the model that the live view shows */
  live: Side;
  /** the other model of a running campaign */
  other: Side | undefined;
  /** percentage of keys that read the new model although the live view does not */
  canaryPercent: number;
  shadow: ShadowSettings;
}

interface ReadingRow extends ServedModel {
  view: string;
  nearest: string | null;
  is_live: boolean;
  canary_percent: number;
  shadow_percent: number;
  shadow_per_second: number;
  shadow_timeout_ms: number;
  shadow_keeps_text: boolean;
}

const BUCKETS = 2 ** 32;

/** Reads how a target is currently read. */
export async function loadReading(db: Queryable, target: string | undefined): Promise<Reading> {
  const result = await db.query('SELECT * FROM reembed.reading($1)', [target ?? null]);
  const rows = result.rows as ReadingRow[];
  const live = rows.find(({ is_live }) => is_live);
  const other = rows.find(({ is_live }) => !is_live);
  if (!live) throw new Error(`${target ?? 'the target'} has no vectors`);
  return {
    target: live.target,
    live: sideOf(live),
    other: other && sideOf(other),
    canaryPercent: live.canary_percent,
    shadow: {
      percent: live.shadow_percent,
      perSecond: live.shadow_per_second,
      timeoutMs: live.shadow_timeout_ms,
      keepsText: live.shadow_keeps_text,
    },
  };
}

function sideOf(row: ReadingRow): Side {
  const { view, nearest, is_live, canary_percent, shadow_percent, shadow_per_second, shadow_timeout_ms, shadow_keeps_text, ...model } = row;
  return { model, view, nearest };
}

/**
 * Hash of a reader's key for a new model, 0 to 2^32 - 1: the first 32 bits of MD5 over the model's name, a slash and
 * the key, in UTF-8. Equals reembed.key_hash().
 */
export function keyHash(newModel: string, key: string): number {
  return createHash('md5').update(`${newModel}/${key}`, 'utf8').digest().readUInt32BE(0);
}

/** The hash of a key if there is a new model to try. */
export function keyHashOf({ live, other }: Reading, key: string | undefined): number | undefined {
  const newModel = [live, other].find((side) => side?.model.role === 'new')?.model.name;
  return newModel === undefined || key === undefined ? undefined : keyHash(newModel, key);
}

/** Whether the reader with that key gets the new model. */
export function isInCanary(reading: Reading, hash: number | undefined): boolean {
  return reading.other !== undefined && hash !== undefined && hash < (reading.canaryPercent / 100) * BUCKETS;
}
