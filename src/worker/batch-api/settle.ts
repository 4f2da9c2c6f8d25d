import type { Queryable } from '../../database/connection.ts';
import { readBatch } from '../reader.ts';
import { type SharedRows, shareTexts } from '../repeated-texts.ts';
import { storeBatch } from '../writer.ts';
import { ledgerBatchesOf, type ProviderBatch } from './provider-batch.ts';
import type { BatchWork } from './work.ts';

/**
 * Ends a provider batch. Ledger batches with no row left to embed are done. The others go back to ordinary requests, or
 * wait for another provider batch that embeds one of their texts.
 */
export async function settle(work: BatchWork): Promise<void> {
  const { context, batch, signal } = work;
  const { pool } = context.database;
  // Until the last moment another provider batch may start to wait for a text of this one.
  for (let isSettled = false; !isSettled; isSettled = await close(pool, batch)) {
    for (const ledgerBatch of await ledgerBatchesOf(pool, batch)) {
      signal?.throwIfAborted();
      context.stopping?.throwIfAborted();
      const { own, waiting, waitsFor } = await copyTexts(work, ledgerBatch);
      await pool.query('SELECT reembed.release_batch($1, $2, $3, $4)', [
        ...[batch.id, ledgerBatch],
        waitsFor === batch.id ? null : (waitsFor ?? null),
        own.length + waiting.length > 0,
      ]);
    }
  }
}

/** Ends a provider batch that the provider did not accept; its rows may be sent in another one. */
export async function giveBack(db: Queryable, batch: ProviderBatch): Promise<void> {
  for (let isSettled = false; !isSettled; isSettled = await close(db, batch)) {
    await db.query('SELECT reembed.return_to_batch_api($1)', [batch.id]);
  }
}

async function close(db: Queryable, { id }: ProviderBatch): Promise<boolean> {
  const { rows } = await db.query<{ settled: boolean }>('SELECT reembed.settle_provider_batch($1) AS settled', [id]);
  return rows[0]?.settled ?? true;
}

/** Copies vectors of identical texts from other rows to rows of a ledger batch; returns the remaining rows. */
export async function copyTexts({ context, batch, target, vector }: BatchWork, ledgerBatch: number): Promise<SharedRows> {
  const { pool } = context.database;
  const name = { campaign: batch.campaign, batch: ledgerBatch };
  const shared = await shareTexts(pool, target, name, await readBatch(pool, { target, vector }, name));
  if (shared.copied.length > 0) {
    const outcome = { ...name, items: shared.copied, failures: [], tokens: 0, requests: 0, done: false };
    await context.writerOf(target.name)(() => storeBatch(pool, context.pacingOf(target.name), { target, vector }, outcome));
  }
  return shared;
}
