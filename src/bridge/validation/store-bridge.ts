import type pg from 'pg';
import { inTransaction } from '../../database/connection.ts';
import type { BridgeRun } from './validate-bridge.ts';

/** The verdict on a bridge: see reembed.judge_bridge(). */
export interface BridgeVerdict {
  /** number of the run */
  id: number;
  verdict: 'pass' | 'fail' | 'unsure';
  /** why it does not pass; null where it does */
  finding: { code: string; reason: string; remedy: string } | null;
}

/** The columns of reembed.bridge_validation, which are the keys of --json too. */
export function bridgeRow(run: BridgeRun) {
  const { campaign, bridge, coverage, figures } = run;
  const { old, bridge: bridged, renewed, difference } = figures;
  return {
    campaign: campaign.name,
    fitted_at: bridge.fittedAt,
    started_at: run.startedAt,
    query_source: run.querySource,
    seed: run.seed,
    k: run.k,
    candidates: run.candidates,
    queries: run.read,
    judged_queries: run.queries.length,
    lexical_share: run.lexicalShare,
    rows: coverage.rows,
    embedded_rows: coverage.embeddedRows,
    rows_lacking_old_vector: coverage.rowsLackingOldVector,
    ndcg_old: old?.value ?? null,
    ndcg_old_low: old?.low ?? null,
    ndcg_old_high: old?.high ?? null,
    ndcg_bridge: bridged.value,
    ndcg_bridge_low: bridged.low,
    ndcg_bridge_high: bridged.high,
    ndcg_new: renewed?.value ?? null,
    ndcg_new_low: renewed?.low ?? null,
    ndcg_new_high: renewed?.high ?? null,
    difference: difference?.value ?? null,
    difference_low: difference?.low ?? null,
    difference_high: difference?.high ?? null,
  };
}

/** Stores a run with its judged queries and judges the bridge from what is stored, in one transaction. */
export async function storeBridge(pool: pg.Pool, run: BridgeRun): Promise<BridgeVerdict> {
  const row = bridgeRow(run);
  const columns = Object.keys(row).join(', ');
  return inTransaction(pool, async (client) => {
    const stored = await client.query<{ id: string }>(
      `INSERT INTO reembed.bridge_validation (${columns}) SELECT ${columns} FROM jsonb_populate_record(NULL::reembed.bridge_validation, $1) RETURNING id::text`,
      [JSON.stringify(row)],
    );
    const id = stored.rows[0]?.id ?? '';
    const queries = run.queries.map(({ hash, grade, old, bridge, renewed }, i) => ({
      validation: id,
      ordinal: i + 1,
      // bytea in its text form
      query_hash: `\\x${hash}`,
      grade,
      ndcg_old: old,
      ndcg_bridge: bridge,
      ndcg_new: renewed,
    }));
    await client.query(
      'INSERT INTO reembed.bridge_validation_query SELECT * FROM jsonb_populate_recordset(NULL::reembed.bridge_validation_query, $1)',
      [JSON.stringify(queries)],
    );
    const { rows } = await client.query<{ outcome: 'fail' | 'unsure'; code: string; reason: string; remedy: string }>(
      'SELECT outcome, code, reason, remedy FROM reembed.judge_bridge($1)',
      [run.campaign.name],
    );
    const [found] = rows;
    return {
      id: Number(id),
      verdict: found?.outcome ?? 'pass',
      finding: found ? { code: found.code, reason: found.reason, remedy: found.remedy } : null,
    };
  });
}
