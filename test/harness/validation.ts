import pg from 'pg';
import type { Database } from '../../src/database/connection.ts';
import { withLockRetries } from '../../src/database/lock-retries.ts';
import { overall } from '../../src/validation/metrics/metrics.ts';
import type { Embedder } from '../../src/validation/queries/read-queries.ts';
import { type ValidateOptions, type ValidationResult, validate } from '../../src/validation/validate.ts';
import { createTestDatabase } from './database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

/** A test database with the toolkit's schema; with TEST_PGBOUNCER_URL it is used through the pooler. */
export async function openWithSchema(): Promise<Database> {
  const { pool, url, env, real, close } = await createTestDatabase('installed');
  const database: Database = { pool, url, embedded: !real, directory: '', close };
  const { DATABASE_URL: used = url } = env;
  if (used === url) return database;
  const pooled = new pg.Pool({ connectionString: used, max: 6 });
  pooled.on('error', () => {});
  return { ...database, pool: pooled, url: used, close: () => pooled.end().then(close) };
}

/** Registers a campaign on a table whose columns already exist, and leaves it in phase expand. */
export async function startCampaign(
  pool: pg.Pool,
  campaign: {
    table: string;
    keyColumns: string[];
    textColumns: string[];
    textSql: string;
    newColumn: string;
    from: { name: string; dimensions: number; elementType?: string; distance?: string };
    to: { name: string; dimensions: number; elementType?: string; distance?: string };
    indexName: string;
  },
): Promise<void> {
  for (const { name, dimensions, elementType = 'vector', distance = 'cosine' } of [campaign.from, campaign.to]) {
    await pool.query('SELECT reembed.register_model($1, $1, $2, $3, $4)', [name, dimensions, elementType, distance]);
  }
  // Meanwhile other tests may read the view of all change logs, to which this adds one.
  const start = () =>
    pool.query(
      `SELECT reembed.start_campaign(p_name => 'move_' || $1, p_relation => $1::regclass, p_column => 'embedding', p_key_columns => $2, p_text_columns => $3,
       p_text_sql => $4, p_live_view => left(md5($1), 8) || '_live', p_live_model_column => 'embedding_model', p_from_model => $5, p_to_model => $6,
       p_to_column => $7, p_to_version_column => 'embedding_model_version', p_tokens_per_character => 0.25, p_keep_old_current => true)`,
      [
        campaign.table,
        campaign.keyColumns,
        campaign.textColumns,
        campaign.textSql,
        campaign.from.name,
        campaign.to.name,
        campaign.newColumn,
      ],
    );
  await withLockRetries(start, campaign.table, () => {});
  await pool.query("SELECT reembed.plan_index('move_' || $1, NULL, $2, $2, true)", [campaign.table, campaign.indexName]);
}

/** Creates a table of documents with the vectors of both models, and its campaign, called move_<table>. */
export async function createFilledCampaign(pool: pg.Pool, table: string, rows: number): Promise<void> {
  await createDocuments(pool, rows, { table, index: false });
  await pool.query(`ALTER TABLE ${table} ADD COLUMN embedding_v2 vector(${NEW_DIMENSIONS}), ADD COLUMN embedding_model_version text`);
  const { rows: texts } = await pool.query<{ id: string; content: string }>(`SELECT id, content FROM ${table}`);
  await pool.query(
    `UPDATE ${table} AS t SET embedding_v2 = v.vector FROM unnest($1::bigint[], $2::vector[]) AS v(id, vector) WHERE v.id = t.id`,
    [texts.map(({ id }) => id), texts.map(({ content }) => vectorText(vectorOf(NEW_MODEL, content, NEW_DIMENSIONS)))],
  );
  await startCampaign(pool, {
    table,
    keyColumns: ['id'],
    textColumns: ['content'],
    textSql: 'content',
    newColumn: 'embedding_v2',
    from: { name: OLD_MODEL, dimensions: OLD_DIMENSIONS },
    to: { name: NEW_MODEL, dimensions: NEW_DIMENSIONS },
    indexName: `${table}_embedding_v2_idx`,
  });
}

/** Embeds texts with the vectors that createFilledCampaign() stores. */
export const testEmbedder: Embedder = async (model, texts) => texts.map((text) => vectorOf(model.name, text, model.dimensions));

/** The figures of a run over all its queries, in a form for assertions. */
export function figuresOf(result: ValidationResult) {
  const of = (name: string) => overall(result.metrics, name);
  const both = (name: string) => {
    const { before, after } = of(name) ?? {};
    return typeof before === 'number' && typeof after === 'number' ? { before, after } : null;
  };
  return {
    ...result,
    ...result.coverage,
    queries: result.comparisons.map((one) => ({ ...one, label: one.query.label })),
    judgedQueries: of('ndcg')?.queries ?? 0,
    overlap: of('overlap')?.value,
    indexRecall: of('index_recall')?.value ?? null,
    ndcg: both('ndcg'),
    mrr: both('mrr'),
    recall: both('recall'),
  };
}

/** Validates the campaign of a table, without an audit, with rows as queries by default. */
export async function validateTable(database: Database, table: string, options: Partial<ValidateOptions> = {}) {
  return figuresOf(await validate(database, { target: table, queries: { kind: 'rows' }, embedder: testEmbedder, ...options }));
}
