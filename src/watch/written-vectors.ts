import { inOwnTransactions } from '../database/connection.ts';
import { embedTexts } from '../embedding/embed-texts.ts';
import { agrees, similarity } from '../embedding/similarity.ts';
import { observeRequests } from '../metrics/observe-work.ts';
import type { WorkContext } from '../worker/context.ts';
import { loadTarget, type VectorColumn, vectorColumn, type WorkTarget } from '../worker/target.ts';

/** A row with the vector that the application wrote into it. */
interface WrittenRow {
  id: string;
  text: string;
  vector: number[];
}

/** The model that a vector agrees with. */
type Found = 'new' | 'old' | 'other';

// Each costs a text with the new model, and where it disagrees another one with the old model.
const SAMPLE = 5;
// The next check comes in a minute and asks an unavailable provider again.
const PATIENCE_SECONDS = 5;

/**
 * Embeds the texts of some rows again into which the application wrote vectors of its own, and records which model the vectors agree with.
 * Before contract this finds a client that still embeds with the old model; afterwards its rows are logged to be embedded again.
 */
export async function auditWrittenVectors(context: WorkContext, targetName: string, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const { rows } = await inOwnTransactions(pool).query<{ id: string; text: string; vector: string }>(
    'SELECT id::text, content AS text, vector FROM reembed.draw_written($1, $2)',
    [targetName, SAMPLE],
  );
  const target = rows.length > 0 ? await loadTarget(pool, targetName) : undefined;
  const renewed = target && vectorColumn(target, 'new');
  if (!target || !renewed) return;
  const written = rows.map(({ vector, ...row }) => ({ ...row, vector: JSON.parse(vector) as number[] }));
  const found = new Map<WrittenRow, Found>();
  const compared = await compare(context, target, renewed, written, signal);
  for (const [row, isEqual] of compared) if (isEqual) found.set(row, 'new');
  const others = [...compared].flatMap(([row, isEqual]) => (isEqual ? [] : [row]));
  const former = vectorColumn(target, 'old');
  const withOld = former?.maintained ? await compare(context, target, former, others, signal).catch(() => undefined) : undefined;
  for (const row of others) found.set(row, withOld?.get(row) ? 'old' : 'other');
  if (found.size === 0) return;
  const { rows: logged } = await pool.query<{ rows: string }>('SELECT reembed.judge_written($1, $2::bigint[], $3) AS rows', [
    targetName,
    [...found.keys()].map(({ id }) => id),
    [...found.values()],
  ]);
  const again = Number(logged[0]?.rows ?? 0);
  if (again > 0)
    context.notice(`${targetName}: the application wrote vectors that are not of ${renewed.model}; rows to embed again: ${again}`);
}

/** Whether each row's vector is that of its text by a model; rows whose text got no vector are missing. */
async function compare(
  context: WorkContext,
  target: WorkTarget,
  vector: VectorColumn,
  rows: WrittenRow[],
  signal: AbortSignal | undefined,
): Promise<Map<WrittenRow, boolean>> {
  if (rows.length === 0) return new Map();
  const provider = await context.providerOf(vector);
  const { embedded, failure } = await embedTexts(context.database.pool, provider, rows, {
    limits: provider.limits,
    tokensPerCharacter: target.tokensPerCharacter,
    patienceSeconds: PATIENCE_SECONDS,
    campaign: target.campaign,
    observe: observeRequests(context, target.name, vector),
    signal,
    stopping: context.stopping,
  });
  if (failure && embedded.length === 0) throw failure;
  const { rows: settings } = await context.database.pool.query<{ least: number }>(
    'SELECT min_audit_similarity::double precision AS least FROM reembed.setting WHERE target = $1',
    [target.name],
  );
  const least = settings[0]?.least ?? 1;
  return new Map(
    embedded.map(({ item, vector: fresh }) => [item, agrees(similarity(item.vector, fresh, vector.definition.distance), least)]),
  );
}
