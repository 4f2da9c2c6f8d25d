import { toSql } from 'pgvector';
import { inOwnTransactions } from '../database/connection.ts';
import { embedTexts } from '../embedding/embed-texts.ts';
import { observeRequests } from '../metrics/observe-work.ts';
import type { WorkContext } from '../worker/context.ts';
import { loadTarget, type VectorColumn, type WorkTarget } from '../worker/target.ts';

interface KnownItem {
  key: string;
  text: string;
  hash: string;
}

// The next check comes in a minute and asks an unavailable provider again.
const PATIENCE_SECONDS = 5;
const TOKENS_PER_CHARACTER = 0.3;

/**
 * Embeds the texts of some rows as queries with each maintained model and searches for these rows. Every outcome is
 * recorded in reembed.known_item, including a provider that returned no vector.
 */
export async function searchKnownItems(context: WorkContext, targetName: string, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const patient = inOwnTransactions(pool);
  const { rows: items } = await patient.query<KnownItem>(
    'SELECT key, content AS text, text_hash::text AS hash FROM reembed.draw_known_items($1)',
    [targetName],
  );
  if (items.length === 0) return;
  const target = await loadTarget(pool, targetName);
  for (const vector of target?.vectors ?? []) {
    if (!target || !vector.maintained || signal?.aborted) continue;
    const { vectors, error } = await embedItems(context, target, vector, items, signal);
    if (signal?.aborted) return;
    for (const item of items) {
      await patient.query('SELECT reembed.record_known_item($1, $2, $3, $4, $5, $6)', [
        ...[targetName, vector.role, item.key, item.hash],
        ...[vectors.get(item) ?? null, error ?? 'no_vector'],
      ]);
    }
  }
}

async function embedItems(
  context: WorkContext,
  target: WorkTarget,
  vector: VectorColumn,
  items: KnownItem[],
  signal?: AbortSignal,
): Promise<{ vectors: Map<KnownItem, string>; error: string | undefined }> {
  const vectors = new Map<KnownItem, string>();
  let failure: unknown;
  try {
    const provider = await context.providerOf(vector);
    const outcome = await embedTexts(context.database.pool, provider, items, {
      role: 'query',
      limits: provider.limits,
      tokensPerCharacter: TOKENS_PER_CHARACTER,
      patienceSeconds: PATIENCE_SECONDS,
      campaign: target.campaign,
      observe: observeRequests(context, target.name, vector),
      signal,
      stopping: context.stopping,
    });
    for (const { item, vector: values } of outcome.embedded) vectors.set(item, toSql(Array.from(values)) as string);
    failure = outcome.failure ?? outcome.refused[0];
  } catch (error) {
    failure = error;
  }
  return { vectors, error: failure === undefined ? undefined : String((failure as { code?: unknown }).code ?? 'error') };
}
