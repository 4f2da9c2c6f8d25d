import { isHostile, parkedRows } from './hostile-rows.ts';
import { presentRows, textSql } from './joined-tables.ts';
import { isSame } from './journal.ts';
import { hasText, isVectorOf, NEW_MODEL, OLD_MODEL, POISON, SIDE_TABLE, TABLE, type World } from './world.ts';

/** Findings of the oracle after the system has settled. */
export interface Verdict {
  rows: number;
  /** a vector exists, but is not its model's vector of the current text */
  wrong: string[];
  /** a text exists that its model accepts, but no vector */
  neverEmbedded: string[];
  /** the row is not in the state of its last acknowledged write */
  lost: string[];
}

/** Checks every row: the application's columns against the journal, vectors against the model's vectors of the current text. */
export async function judge(world: World): Promise<Verdict> {
  const text = textSql(world);
  const { rows } = await world.pool.query<{ id: string; content: string | null; old: string | null; new: string | null }>(
    world.options.storage === 'column'
      ? `SELECT id, ${text} AS content, embedding::text AS old, embedding_v2::text AS new FROM ${TABLE} AS t`
      : `SELECT id, ${text} AS content, t.embedding::text AS old, side.embedding::text AS new FROM ${TABLE} AS t LEFT JOIN ${SIDE_TABLE} AS side USING (id)`,
  );
  const verdict: Verdict = { rows: rows.length, wrong: [], neverEmbedded: [], lost: [] };
  if (world.options.storage === 'side-table') {
    const strays = await world.pool.query<{ id: string }>(`SELECT id FROM ${SIDE_TABLE} EXCEPT SELECT id FROM ${TABLE}`);
    for (const { id } of strays.rows) verdict.wrong.push(`row ${id} is gone, its vector is not`);
  }
  const parked = new Map([
    [OLD_MODEL, await parkedRows(world, OLD_MODEL)],
    [NEW_MODEL, await parkedRows(world, NEW_MODEL)],
  ]);
  const present = await presentRows(world);
  for (const [id, state] of present) if (!isSame(world.journal.get(id), state)) verdict.lost.push(`row ${id}`);
  for (const id of world.journal.rows.keys()) if (!present.has(id)) verdict.lost.push(`row ${id} is gone`);
  for (const row of rows) {
    const id = Number(row.id);
    for (const [model, stored] of [
      [OLD_MODEL, row.old],
      [NEW_MODEL, row.new],
    ] as const) {
      const isRight = hasText(row.content) ? stored !== null && isVectorOf(model, row.content, stored) : stored === null;
      // A poisoned row has no vector, unless the application stored one itself. A hostile one keeps its old vector and gets no new one.
      const isExcused =
        row.content?.includes(POISON) || (model === NEW_MODEL && isHostile(world, id) && world.options.storage === 'column');
      if (isRight) continue;
      if (isExcused && stored === null) {
        if (!parked.get(model)?.has(id)) verdict.wrong.push(`row ${id} ${model} is neither embedded nor parked`);
        continue;
      }
      (stored === null ? verdict.neverEmbedded : verdict.wrong).push(`row ${id} ${model}`);
    }
  }
  return verdict;
}
