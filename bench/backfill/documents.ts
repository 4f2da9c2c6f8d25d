import type pg from 'pg';
import { createDraw } from '../../storm/draw.ts';
import { copyRows } from './binary-copy.ts';
import { createVectorSpace, mix } from './vectors.ts';

export const TABLE = 'documents';
export const OLD_MODEL = 'bench-old';
export const NEW_MODEL = 'bench-new';

/** Parameters of the benchmark's table. */
export interface TableOptions {
  rows: number;
  dimensions: number;
  /** length of a text; with 900, a page holds eight rows */
  characters: number;
  /** parameters of the HNSW index on the old vectors */
  m: number;
  efConstruction: number;
  seed: number;
  autovacuum: boolean;
}

const WORDS = 'river stone cloud paper winter engine garden silver harbor violin desert candle mirror forest bridge copper'.split(' ');
const SUPPLY = 50_000;

/** Generates the text of each version of each row. It begins with both numbers, which determine its vectors. */
export function createTexts(seed: number, characters: number): (id: number, version: number) => string {
  const draw = createDraw(seed, 'texts');
  let supply = '';
  while (supply.length < SUPPLY + characters) supply += `${draw.pick(WORDS)} `;
  return (id, version) => {
    const start = mix(id, version, 9) % SUPPLY;
    return `${id}.${version} ${supply.slice(start, start + characters)}`.slice(0, characters);
  };
}

/** The row and version at the beginning of a text; row 0 for a text that is not from the table. */
export function readTag(text: string): { id: number; version: number } {
  const [, id = '0', version = '0'] = /^(\d+)\.(\d+) /.exec(text) ?? [];
  return { id: Number(id), version: Number(version) };
}

/**
 * Creates and fills table documents: keys in heap order, version 0 of every text, the old model's vectors and an HNSW index on them.
 *
 * @param maintenanceMemory memory for the index build, in megabytes
 * @param log receives progress messages
 */
export async function createDocuments(
  client: pg.Client,
  options: TableOptions,
  maintenanceMemory: number,
  log: (line: string) => void,
): Promise<void> {
  const { rows, dimensions, characters, seed } = options;
  await client.query('CREATE EXTENSION vector');
  await client.query(
    `CREATE TABLE ${TABLE} (id bigint PRIMARY KEY, content text NOT NULL, views integer NOT NULL DEFAULT 0,
       created_at timestamptz NOT NULL DEFAULT now(), embedding vector(${dimensions}))`,
  );
  if (!options.autovacuum) await client.query(`ALTER TABLE ${TABLE} SET (autovacuum_enabled = off, toast.autovacuum_enabled = off)`);
  const text = createTexts(seed, characters);
  const old = createVectorSpace(OLD_MODEL, dimensions, seed);
  log(`filling ${rows} rows`);
  await copyRows(client, `${TABLE} (id, content, embedding)`, rows, (fields, row) => {
    fields.begin(3);
    fields.bigint(row);
    fields.text(text(row, 0));
    fields.vector(old, row, 0);
  });
  log('building the index of the old vectors');
  await client.query("SELECT set_config('maintenance_work_mem', $1, false)", [`${maintenanceMemory}MB`]);
  await client.query(
    `CREATE INDEX ${TABLE}_embedding_idx ON ${TABLE} USING hnsw (embedding vector_cosine_ops) WITH (${indexParameters(options)})`,
  );
  await client.query('VACUUM ANALYZE');
}

/** Storage parameters of the old index, and of those that are compared with it. */
export function indexParameters({ m, efConstruction }: TableOptions): string {
  return `m = ${m}, ef_construction = ${efConstruction}`;
}

/** Memory in megabytes that building an HNSW graph over so many vectors needs, with a small margin. */
export function graphMegabytes({ rows, dimensions, m }: TableOptions): number {
  const bytesOfElement = 4 * dimensions + 90 * m;
  return Math.ceil(Math.max(64, (1.2 * rows * bytesOfElement) / 2 ** 20));
}
