import type { Config } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import { outOfRange } from '../database/element-types.ts';
import { readCachedVectors } from '../embedding/cache/cached-vectors.ts';
import { spaceOf } from '../embedding/cache/space.ts';
import { providerAccess } from '../embedding/open-provider.ts';
import { textDigest } from '../text-digest.ts';
import type { SourceRow } from './reader.ts';
import type { VectorColumn } from './target.ts';

/** Finds the rows whose text has a cached vector of the model, so that it is not paid for again. */
export async function takeCachedVectors<T extends SourceRow>(
  db: Queryable,
  { definition, role }: VectorColumn,
  rows: readonly T[],
  config: Config,
): Promise<Map<T, Float32Array>> {
  const space = spaceOf(definition, 'document', providerAccess(definition, role, config).parameters);
  const digests = new Map(rows.flatMap((row) => (row.failure === null && row.text !== null ? [[row, textDigest(row.text)] as const] : [])));
  const cached = await readCachedVectors(db, space, [...new Set(digests.values())]);
  const limit = outOfRange(definition.element_type);
  const found = new Map<T, Float32Array>();
  for (const [row, digest] of digests) {
    const vector = cached.get(digest);
    if (vector?.length === definition.dimensions && vector.every((component) => Math.abs(component) < limit)) found.set(row, vector);
  }
  return found;
}
