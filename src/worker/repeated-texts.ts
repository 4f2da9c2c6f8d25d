import type { Queryable } from '../database/connection.ts';
import { textDigest } from '../text-digest.ts';
import type { BatchName, BatchRow } from './reader.ts';
import type { WorkTarget } from './target.ts';

/** Rows of a batch, grouped by which batch embeds their text. */
export interface SharedRows {
  /** to be embedded by this batch */
  own: BatchRow[];
  /** rows whose text already has a vector from an earlier batch */
  copied: { row: BatchRow; vector: Float32Array }[];
  /** rows that wait for an earlier batch that embeds their text */
  waiting: BatchRow[];
  /** a provider batch that embeds one of those texts, if any */
  waitsFor: string | undefined;
}

interface RepeatedText {
  digest: string;
  vector: string | null;
  pending: boolean;
  provider_batch: string | null;
}

/** Finds the rows whose text an earlier batch of the ledger embeds, so that each text is paid for once. */
export async function shareTexts(db: Queryable, target: WorkTarget, batch: BatchName, rows: BatchRow[]): Promise<SharedRows> {
  const shared: SharedRows = { own: [], copied: [], waiting: [], waitsFor: undefined };
  if (!target.hasRepeatedTexts || rows.length === 0) return { ...shared, own: rows };
  const digests = new Map(rows.map((row) => [row, row.failure === null && row.text !== null ? textDigest(row.text) : '']));
  const found = await db.query<RepeatedText>(
    `SELECT text_digest::text AS digest, vector::text AS vector, is_pending AS pending, provider_batch::text
       FROM reembed.repeated_texts($1, $2, $3)`,
    [batch.campaign, batch.batch, [...new Set(digests.values())].filter((digest) => digest !== '')],
  );
  const byDigest = new Map(found.rows.map((text) => [text.digest, text]));
  const vectors = new Map<string, Float32Array>();
  for (const row of rows) {
    const digest = digests.get(row) ?? '';
    const text = byDigest.get(digest);
    if (text?.vector) {
      const vector = vectors.get(digest) ?? Float32Array.from(JSON.parse(text.vector) as number[]);
      vectors.set(digest, vector);
      shared.copied.push({ row, vector });
    } else if (text?.pending) {
      shared.waiting.push(row);
      shared.waitsFor ??= text.provider_batch ?? undefined;
    } else {
      shared.own.push(row);
    }
  }
  return shared;
}
