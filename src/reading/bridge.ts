import { createHash } from 'node:crypto';
import type { QueryVectors } from './ask.ts';
import type { Queryable } from './database.ts';
import type { ServedModel } from './reading.ts';

/** What an application adds to the search over a bridge. Alias d is the view of the old model. */
export interface BridgedParts {
  /** select list, such as `d.id, d.content` */
  columns: string;
  /** condition inside of the search; its own parameters are $1, $2 … */
  where?: string;
  /** values of these parameters */
  values?: readonly unknown[];
  /** number of results; 10 when left out */
  limit?: number;
  /** rows that the old index recalls, at most 1,000; 100 when left out */
  candidates?: number;
  /** let each connection prepare the statement, and keep it until its end */
  prepare?: boolean;
}

/** A query of the new model on both sides of a bridge. */
export interface BridgedQuery {
  /** the query mapped into the old space, in pgvector's text format */
  oldSpaceVector: string;
  /** the query as the new model embedded it */
  newVector: string;
  /** SQL that searches with it. Besides the wanted columns its rows have those of BridgedRow */
  statement(parts: BridgedParts): BridgedStatement;
}

/** A search over a bridge, as pg takes it. */
export interface BridgedStatement {
  text: string;
  values: unknown[];
  /** if it is to be prepared; another text has another name */
  name?: string;
}

/** What each row of a bridged statement has besides the wanted columns. */
export interface BridgedRow {
  distance: number;
  /** whether the distance is that of a vector of the new model; otherwise it was predicted from the old vector */
  has_new_vector: boolean;
  row_key: Record<string, unknown>;
}

/** The bridge of a target, as it can be searched now. */
export interface Bridge {
  target: string;
  /** why it may not serve; null: it may */
  reason: string | null;
  queryOf(vectors: QueryVectors): Promise<BridgedQuery>;
}

interface BridgeRow extends ServedModel {
  /** of the map; a map that is fitted again has another */
  version: string;
  /** null if it is the known version */
  query_map: Buffer | null;
  reason: string | null;
  statement: string;
}

const NO_BRIDGE = 'there is no bridge: it was not fitted, or its campaign is over';

/** Reads a bridge. Its map, which can be large, is read again only when it was fitted again. @internal */
export function createBridgeReader(db: Queryable, target: string | undefined): () => Promise<Bridge | undefined> {
  let known: { version: string; map: Float32Array } | undefined;
  return async () => {
    // Another search may read a newer version meanwhile, which is not the one that this answer is about.
    const before = known;
    const { rows } = await db.query('SELECT * FROM reembed.read_bridge($1, $2)', [target ?? null, before?.version ?? null]);
    const row = rows[0] as BridgeRow | undefined;
    if (!row) return undefined;
    const { version, query_map, reason, statement, ...model } = row;
    const map = query_map ? floatsOf(query_map) : (before?.map ?? new Float32Array());
    if (query_map) known = { version, map };
    return {
      target: model.target,
      reason,
      async queryOf(vectors) {
        const { components, vector: newVector } = await vectors.of(model);
        const oldSpaceVector = JSON.stringify(Array.from(mapQuery(map, components)));
        const fill = (parts: BridgedParts) => fillIn(statement, oldSpaceVector, newVector, parts);
        return { oldSpaceVector, newVector, statement: fill };
      },
    };
  };
}

/** Why a bridge may not serve; null if it may. @internal */
export function reasonAgainst(bridge: Bridge | undefined): string | null {
  return bridge ? bridge.reason : NO_BRIDGE;
}

/**
 * Multiplies the map with a query.
 *
 * @param map rows of as many components as the query has, one row for each component of the result
 * @internal
 */
export function mapQuery(map: Float32Array, query: ArrayLike<number>): Float32Array {
  const columns = query.length;
  const vector = Float32Array.from(query);
  const mapped = new Float32Array(map.length / columns);
  for (let row = 0; row < mapped.length; row += 4) {
    // Four rows at a time: no addition waits for the one before, and each component of the query is read once for all of them. Beyond the
    // last row there is nothing, and what is not a number is not stored.
    const at = row * columns;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = at; i < at + columns; i++) {
      const component = vector[i - at] as number;
      a += (map[i] as number) * component;
      b += (map[i + columns] as number) * component;
      c += (map[i + 2 * columns] as number) * component;
      d += (map[i + 3 * columns] as number) * component;
    }
    mapped.set([a, b, c, d].slice(0, mapped.length - row), row);
  }
  return mapped;
}

function fillIn(statement: string, oldSpaceVector: string, newVector: string, parts: BridgedParts): BridgedStatement {
  const { columns, where, values = [], limit = 10, candidates = 100, prepare = false } = parts;
  const own = { old_space_vector: oldSpaceVector, new_vector: newVector };
  // A comment at the end of a piece ends with its line.
  const pieces: Record<string, string> = { columns: `${columns}\n`, filter: where === undefined ? '' : ` AND (${where}\n)` };
  // In the text, because PostgreSQL keeps the plan of a prepared statement only where it knows how many rows are wanted.
  Object.assign(pieces, { k: wholeNumber('limit', limit), candidates: wholeNumber('candidates', candidates) });
  // Behind the application's parameters, whose numbers stay as they are.
  for (const [i, name] of Object.keys(own).entries()) pieces[name] = `$${values.length + i + 1}`;
  // In one pass, so that nothing inserted is searched for placeholders. What is quoted stays as it is: names may contain anything.
  const text = statement.replace(
    /"(?:[^"]|"")*"|'(?:[^']|'')*'|\{(columns|filter|old_space_vector|new_vector|k|candidates)\}/g,
    (found, piece?: string) => (piece === undefined ? found : (pieces[piece] ?? '')),
  );
  const bound = { text, values: [...values, ...Object.values(own)] };
  return prepare ? { ...bound, name: `reembed_${createHash('sha256').update(text).digest('hex').slice(0, 40)}` } : bound;
}

function wholeNumber(name: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${name} of a search over a bridge must be a whole number`);
  return String(value);
}

/** Little-endian, as every processor that Node runs on. A copy, because a buffer may begin at any byte. */
function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
}
