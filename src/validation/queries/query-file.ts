import { createHash } from 'node:crypto';
import { BadLine, ColumnMissing, NoQueries } from '../validation-error.ts';
import type { Judgements } from './judgements.ts';
import { NO_VALUE, type TextQuery } from './queries.ts';
import { readLines } from './read-lines.ts';

interface FileOptions {
  /** maximum number of queries, drawn at random; default: all */
  sample?: number | undefined;
  /** queries that are drawn first; all of them are used unless `sample` is lower */
  judged?: Judgements | undefined;
  /** the same seed draws the same queries, whatever their order in the file */
  seed?: number;
  /** fields by which results are sliced */
  sliceBy?: readonly string[];
}

/**
 * Reads queries from a file: `.jsonl` with {"id", "text"} per line (BEIR's "_id" is accepted), any other file with one query per line. A
 * query without an id gets its line number as id. "old_vector" may hold its vector of the old model, for the time when that cannot be called.
 *
 * @throws FileUnreadable, BadLine with the line number, NoQueries, ColumnMissing when no query has a field to slice by
 */
export function readQueryFile(path: string, { sample, judged, sliceBy = [], seed = 0 }: FileOptions = {}): TextQuery[] {
  const isJson = /\.(jsonl|ndjson|json)$/i.test(path);
  const seen = new Set<string>();
  const fields = new Set<string>(isJson ? [] : ['text']);
  const queries = readLines(path, '--queries').map(({ number, text }) => {
    const query = isJson ? parseQuery(path, number, text, sliceBy, fields) : { id: String(number), text };
    if (seen.has(query.id)) throw new BadLine(path, number, `query ${query.id} appears twice`, 'give every query an id of its own');
    seen.add(query.id);
    return query;
  });
  if (queries.length === 0) throw new NoQueries(`${path} contains no query`, 'give one query per line');
  const missing = sliceBy.find((field) => !fields.has(field));
  if (missing !== undefined) throw new ColumnMissing(path, missing, '--slice-by', [...fields]);
  if (sample === undefined || sample >= queries.length) return queries;
  const drawn = inSeededOrder(queries, seed);
  return [...drawn.filter(({ id }) => judged?.has(id)), ...drawn.filter(({ id }) => !judged?.has(id))].slice(0, sample);
}

function inSeededOrder(queries: readonly TextQuery[], seed: number): TextQuery[] {
  const places = new Map(queries.map((query) => [query, createHash('sha256').update(`${seed}/${query.id}`).digest('hex')]));
  return queries.toSorted((a, b) => ((places.get(a) ?? '') < (places.get(b) ?? '') ? -1 : 1));
}

function parseQuery(path: string, number: number, line: string, sliceBy: readonly string[], fields: Set<string>): TextQuery {
  const example = 'give one object per line, such as {"id": "1", "text": "red shoes"}';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadLine(path, number, 'not JSON', example);
  }
  const object = (value ?? {}) as Record<string, unknown>;
  const { id, _id, text } = object;
  if (typeof text !== 'string' || text.trim() === '') throw new BadLine(path, number, 'no "text"', example);
  const known = id ?? _id ?? number;
  if (typeof known !== 'string' && typeof known !== 'number') throw new BadLine(path, number, '"id" is neither text nor number', example);
  for (const field of Object.keys(object)) fields.add(field);
  const oldVector = readVector(object.old_vector);
  if (oldVector === null)
    throw new BadLine(path, number, '"old_vector" is not a list of numbers', 'give the numbers of the vector, or leave it out');
  return {
    id: String(known),
    text,
    ...(oldVector && { oldVector }),
    ...(sliceBy.length > 0 && { slices: Object.fromEntries(sliceBy.map((field) => [field, String(object[field] ?? NO_VALUE)])) }),
  };
}

/** The vector; undefined where there is none, null where the value is no vector. */
function readVector(value: unknown): number[] | null | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) && value.length > 0 && value.every((component) => Number.isFinite(component)) ? (value as number[]) : null;
}
