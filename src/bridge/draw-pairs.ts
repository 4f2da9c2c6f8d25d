import { decodeVector } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import type { Campaign } from '../validation/campaign.ts';
import type { Role } from '../validation/compared-model.ts';
import { asOwner } from '../validation/search/as-owner.ts';
import { hasBothVectors } from '../validation/search/search-source.ts';
import type { Pairs } from './fit-map.ts';
import { type Matrix, zeros } from './matrix.ts';

/**
 * Draws random rows that have a vector of both models, in random order. Both vectors are of one snapshot. Rows that wait for a vector are
 * left out: they have one of their previous text.
 *
 * @param size maximum number of rows
 * @param seed the same seed draws the same rows
 */
export async function drawPairs(db: Queryable, campaign: Campaign, size: number, seed: number): Promise<Pairs> {
  const { rows: schemas } = await db.query<{ schema: string }>('SELECT quote_ident(reembed.vector_schema()) AS schema');
  const schema = schemas[0]?.schema;
  const isWaiting = `${campaign.isWaiting.old} OR ${campaign.isWaiting.new}`;
  // Encoded outside, so that the sort moves pointers to the vectors and not their bytes.
  const bytesOf = (role: Role) => `encode(${schema}.vector_send(drawn.${role}::${schema}.vector), 'base64') AS ${role}`;
  const { rows } = await asOwner(db, campaign).query<Record<Role, string>>(
    `SELECT ${bytesOf('old')}, ${bytesOf('new')}
       FROM (SELECT ${campaign.old.vector} AS old, ${campaign.new.vector} AS new
               FROM ${campaign.rows} ${campaign.old.join} ${campaign.new.join}
              WHERE ${hasBothVectors(campaign)} AND NOT (${isWaiting})
              ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint) AS drawn`,
    [size, seed],
  );
  const vectorsOf = (role: Role) => stack(rows.map((row) => decodeVector(Buffer.from(row[role], 'base64'))));
  return {
    old: { distance: campaign.old.model.distance, vectors: vectorsOf('old') },
    renewed: { distance: campaign.new.model.distance, vectors: vectorsOf('new') },
  };
}

function stack(vectors: readonly Float32Array[]): Matrix {
  const columns = vectors[0]?.length ?? 0;
  const stacked = zeros(vectors.length, columns);
  vectors.forEach((vector, row) => {
    stacked.values.set(vector, row * columns);
  });
  return stacked;
}
