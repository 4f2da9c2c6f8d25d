import { toSql } from 'pgvector';
import { floatsOf } from '../bridge/validation/bridge-search.ts';
import { inOwnTransactions } from '../database/connection.ts';
import { embedTexts } from '../embedding/embed-texts.ts';
import { observeRequests } from '../metrics/observe-work.ts';
import { mapQuery } from '../reading/bridge.ts';
import type { WorkContext } from '../worker/context.ts';
import { loadTarget, vectorColumn } from '../worker/target.ts';

interface BridgeItem {
  key: string;
  text: string;
  map: Buffer;
}

// The next check comes in a minute and asks an unavailable provider again.
const PATIENCE_SECONDS = 5;
const TOKENS_PER_CHARACTER = 0.3;

/** Searches for some rows by their own text through the bridge, while it serves, and records whether they were found. */
export async function searchBridgeItems(context: WorkContext, targetName: string, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const patient = inOwnTransactions(pool);
  const { rows: items } = await patient.query<BridgeItem>(
    'SELECT key, content AS text, query_map AS map FROM reembed.draw_bridge_items($1)',
    [targetName],
  );
  const [first] = items;
  if (!first) return;
  const target = await loadTarget(pool, targetName);
  const renewed = target && vectorColumn(target, 'new');
  if (!target || !renewed) return;
  const provider = await context.providerOf(renewed);
  const { embedded } = await embedTexts(pool, provider, items, {
    role: 'query',
    limits: provider.limits,
    tokensPerCharacter: TOKENS_PER_CHARACTER,
    patienceSeconds: PATIENCE_SECONDS,
    campaign: target.campaign,
    observe: observeRequests(context, target.name, renewed),
    signal,
    stopping: context.stopping,
  });
  const map = floatsOf(first.map);
  for (const { item, vector } of embedded) {
    if (signal?.aborted) return;
    const mapped = mapQuery(map, vector);
    await patient.query('SELECT reembed.record_bridge_item($1, $2, $3, $4)', [
      ...[targetName, item.key],
      ...[mapped, vector].map((values) => toSql(Array.from(values)) as string),
    ]);
  }
}
