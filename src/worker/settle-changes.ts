import type { Queryable } from '../database/connection.ts';
import type { ChangedRow } from './reader.ts';
import { compiled, type WorkTarget } from './target.ts';

/** Changes that were processed: for both models, or for one only. */
export interface ServedChanges {
  both: ChangedRow[];
  newOnly: ChangedRow[];
  oldOnly: ChangedRow[];
  gone: ChangedRow[];
  rows: number;
  tokens: number;
}

// The database keeps as many of a target.
const MOST_WRITTEN = 300;

/** Removes processed changes from the log, in one statement, and records which rows brought a vector. See reembed.settle_live(), reembed.record_written(). */
export async function settleChanges(db: Queryable, target: WorkTarget, served: ServedChanges): Promise<void> {
  const seqs = (changes: ChangedRow[]) => changes.flatMap((change) => change.seqs.map(BigInt)).sort((a, b) => (a < b ? -1 : 1));
  const settle = compiled(target, 'settle');
  const goneKeys = served.gone.map(({ keyText }) => keyText);
  const forget =
    goneKeys.length === 0
      ? []
      : target.vectors.flatMap(({ role, storage }) => (storage === 'side_table' ? [`${compiled(target, `forget_${role}`)}($3)`] : []));
  const written = served.both
    .filter(({ broughtAt, textHash }) => broughtAt !== null && textHash !== null)
    .slice(-MOST_WRITTEN)
    .map(({ keyText, textHash, broughtAt }) => ({ key: JSON.parse(keyText), text_hash: textHash, written_at: broughtAt }));
  const record = written.length === 0 ? [] : [`reembed.record_written($1, $9)`];
  await db.query(
    `SELECT ${[`${settle}($6::bigint[], true, true)`, `${settle}($7::bigint[], true, false)`, `${settle}($8::bigint[], false, true)`, ...forget, ...record].join(', ')}
       FROM (SELECT reembed.settle_live($1, $2, $3::text[]::jsonb[], $4, $5) AS is_current OFFSET 0) AS w WHERE w.is_current`,
    [
      ...[target.name, target.campaign, goneKeys, served.rows, served.tokens],
      ...[seqs([...served.both, ...served.gone]), seqs(served.newOnly), seqs(served.oldOnly)],
      ...(written.length === 0 ? [] : [JSON.stringify(written)]),
    ],
  );
}
