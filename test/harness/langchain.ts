import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

const COLLECTION = randomUUID();

/** A client of LangChain's PGVector store, with the statements that langchain-postgres sends. */
export interface LangChainClient {
  /** makes its tables, as create_tables_if_not_exists() does, with some documents and an index */
  createTables(documents: number): Promise<void>;
  /** add_documents(): embeds each text with a model of the client's choice */
  add(model: string, texts: Record<string, string>): Promise<void>;
  /** similarity_search(): ids, nearest first */
  search(model: string, query: string): Promise<string[]>;
}

/** @param dimensions embedding_length of the store */
export function langChainClient(pool: pg.Pool, dimensions: number, model: string): LangChainClient {
  const client: LangChainClient = {
    async createTables(documents) {
      await pool.query(`
        CREATE TABLE langchain_pg_collection (uuid uuid PRIMARY KEY, name varchar NOT NULL UNIQUE, cmetadata json);
        CREATE TABLE langchain_pg_embedding (id varchar PRIMARY KEY, collection_id uuid REFERENCES langchain_pg_collection ON DELETE CASCADE,
          embedding vector(${dimensions}), document varchar, cmetadata jsonb);
        INSERT INTO langchain_pg_collection VALUES ('${COLLECTION}', 'langchain', NULL)`);
      await client.add(model, Object.fromEntries(Array.from({ length: documents }, (_, i) => [`d${i}`, `document number ${i}`])));
      await pool.query('CREATE INDEX langchain_idx ON langchain_pg_embedding USING hnsw (embedding vector_cosine_ops)');
    },
    async add(embeddedWith, texts) {
      for (const [id, text] of Object.entries(texts)) {
        await pool.query(
          `INSERT INTO langchain_pg_embedding (id, collection_id, embedding, document, cmetadata) VALUES ($1::VARCHAR, $2::UUID, $3, $4::VARCHAR, $5::JSONB)
             ON CONFLICT (id) DO UPDATE SET embedding = excluded.embedding, document = excluded.document, cmetadata = excluded.cmetadata`,
          [id, COLLECTION, vectorText(vectorOf(embeddedWith, text, dimensions)), text, '{}'],
        );
      }
    },
    async search(embeddedWith, query) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT langchain_pg_embedding.id AS id, langchain_pg_embedding.document AS document, langchain_pg_embedding.embedding <=> $1 AS distance
           FROM langchain_pg_embedding JOIN langchain_pg_collection ON langchain_pg_embedding.collection_id = langchain_pg_collection.uuid
          WHERE langchain_pg_embedding.collection_id = $2::UUID ORDER BY distance ASC LIMIT $3::INTEGER`,
        [vectorText(vectorOf(embeddedWith, query, dimensions)), COLLECTION, 4],
      );
      return rows.map(({ id }) => id);
    },
  };
  return client;
}
