import pg from 'pg';
import type { Distance, ElementType } from '../database/element-types.ts';
import type { IndexForm } from '../database/index-form.ts';
import type { ModelRow } from '../embedding/models.ts';
import type { OldIndex } from './old-indexes.ts';
import type { Part } from './part.ts';
import type { TextJoin } from './text-joins.ts';

/** The definition of a model's vector space, and how to request embeddings. */
export interface ModelDefinition {
  name: string;
  providerModel: string;
  dimensions: number;
  elementType: ElementType;
  distance: Distance;
  documentPrefix: string;
  queryPrefix: string;
  sendDimensions: boolean;
  tokenLimit: number | null;
  usdPerMillionTokens: number | null;
  /** provider of the configuration file; null: that of the environment */
  provider: string | null;
}

/** A model as it will be registered in reembed.model. */
export function modelRow(definition: ModelDefinition): ModelRow {
  return {
    name: definition.name,
    provider_model: definition.providerModel,
    dimensions: definition.dimensions,
    element_type: definition.elementType,
    distance: definition.distance,
    document_prefix: definition.documentPrefix,
    query_prefix: definition.queryPrefix,
    send_dimensions: definition.sendDimensions,
    token_limit: definition.tokenLimit,
    usd_per_million_tokens: definition.usdPerMillionTokens,
    provider: definition.provider,
  };
}

/** An index to be built on the new vectors. */
export interface IndexPlan {
  method: string;
  /** storage parameters as written in WITH (…); empty for the defaults */
  parameters: string;
  /** pgvector's type that it indexes; empty for another one, such as bits */
  elementType: string;
  form: IndexForm;
  /** whether it serves searches over all rows: validations measure its recall */
  isMain: boolean;
  isUnique: boolean;
  name: string;
  /** name after contract */
  finalName: string;
  /** index on the old vectors that it succeeds */
  oldName: string | null;
  /** of a partitioned table, an old index to whose definition those of the leaves are equal: qualified and quoted */
  oldOnLeaves: string | null;
  /** USING …, with a placeholder for the column */
  definition: string;
  /** null: that of new indexes; empty: that of the database */
  tablespace: string | null;
}

/** A harm that the author of a campaign allows, with what was found. */
export interface Acceptance {
  code: string;
  reason: string;
  evidence: Record<string, unknown>;
}

/** All inputs of the migration files of a campaign. */
export interface CampaignPlan {
  campaign: string;
  schema: string;
  table: string;
  column: string;
  columnType: string;
  /** the rows that are migrated; null for all */
  part: Part | null;
  keyColumns: string[];
  /** key columns with type and collation, as in CREATE TABLE */
  keyDefinitions: string[];
  textColumns: string[];
  textSql: string;
  /** other tables that textSql reads */
  textJoins: TextJoin[];
  liveView: string;
  liveModelColumn: string;
  from: ModelDefinition;
  to: ModelDefinition;
  /** side table of the new vectors; null when they are a column of the application's table */
  sideTable: string | null;
  /** side table of the old vectors, left by an earlier campaign */
  oldSideTable: string | null;
  toColumn: string;
  toVersionColumn: string;
  /** version column of the old vectors, left by an earlier campaign */
  fromVersionColumn: string | null;
  /** whether the table is partitioned */
  isPartitioned: boolean;
  /** indexes on the old column, needed for a rollback */
  oldIndexes: OldIndex[];
  indexes: IndexPlan[];
  /** whether the old column is NOT NULL */
  notNull: boolean;
  /** tablespace of the old vectors; empty for that of the database */
  tablespace: string;
  keepOldCurrent: boolean;
  /** whether nobody can call the old model any more */
  oldModelGone: boolean;
  tokensPerCharacter: number;
  batchRows: number;
  /** column whose largest values are embedded first; null for the order of the table */
  popularColumn: string | null;
  /** spend cap of the campaign; null: none */
  maxTokens: number | null;
  maxUsd: number | null;
  /** search_path of the application; null: that of the table's owner */
  applicationPath: string | null;
  /** schema of the extension vector */
  vectorSchema: string;
  /** table group that the campaign belongs to */
  group?: string;
  /** recorded by the expand file */
  acceptances: Acceptance[];
  /** names as written in SQL, quoted only where PostgreSQL needs it, to keep the files readable */
  quoted: Record<string, string>;
}

/** Qualified, quoted name of the table. */
export function tableOf(plan: CampaignPlan): string {
  return `${identifier(plan, plan.schema)}.${identifier(plan, plan.table)}`;
}

/** Qualified, quoted name of the table that holds the new vectors. */
export function vectorTableOf(plan: CampaignPlan): string {
  return `${identifier(plan, plan.schema)}.${identifier(plan, plan.sideTable ?? plan.table)}`;
}

/** Column type of a model's vectors, with dimensions. */
export function vectorType(plan: CampaignPlan, model: ModelDefinition): string {
  return `${identifier(plan, plan.vectorSchema)}.${model.elementType}(${model.dimensions})`;
}

/** Name of the target, as reembed.start_campaign() assigns it. */
export function targetOf(plan: CampaignPlan): string {
  return [plan.schema, plan.table, plan.column, ...(plan.part ? [plan.part.name] : [])].join('.');
}

/** A name of the plan as written in SQL. */
export function identifier(plan: CampaignPlan, name: string): string {
  return plan.quoted[name] ?? pg.escapeIdentifier(name);
}

/** Formats a value as an SQL literal. */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? pg.escapeLiteral(value).trimStart() : String(value);
}

/** Replaces line breaks and other white space by single spaces, for text in a line comment. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/g, ' ');
}

/** Formats an array of names as an SQL literal. */
export function nameArray(names: string[]): string {
  return names.length === 0 ? "'{}'" : `ARRAY[${names.map(literal).join(', ')}]::name[]`;
}
