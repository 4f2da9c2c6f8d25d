import type { Draw } from './draw.ts';
import { firstChapterOf, KEYS_FROM, PASSAGE, type TableName, tableOf } from './joined-tables.ts';
import type { RowState } from './journal.ts';
import { isStatic, TABLE, textFor, type World } from './world.ts';

/** Rows that an operation may use. */
export interface RowSource {
  /** an existing row of the writer, with its state */
  existing(table?: TableName): { id: number; state: RowState } | undefined;
  /** an unused key */
  fresh(table?: TableName): number;
  text(): string;
}

/** The rows of one writer, which no other writer changes. */
export interface OwnRows extends RowSource {
  add(key: number): void;
}

/** @param number of the writer */
export function createOwnRows(world: World, number: number, draw: Draw): OwnRows {
  const { writers, rows: firstRows, joins } = world.options;
  const keys = new Map<TableName, number[]>();
  const known = new Set<number>();
  let fresh = (number + 1) * 10_000_000;
  let mark = 0;
  const own: OwnRows = {
    add(key) {
      if (known.has(key)) return;
      known.add(key);
      const mine = keys.get(tableOf(key));
      if (mine) mine.push(key);
      else keys.set(tableOf(key), [key]);
    },
    existing(table = TABLE) {
      const mine = keys.get(table) ?? [];
      while (mine.length > 0) {
        const place = draw.between(0, mine.length - 1);
        const id = mine[place] as number;
        const state = world.journal.get(id);
        if (state) return { id, state };
        mine[place] = mine.at(-1) as number;
        mine.pop();
        known.delete(id);
      }
      return undefined;
    },
    fresh(table = TABLE) {
      fresh += 1;
      return KEYS_FROM[table] + fresh;
    },
    text() {
      mark += 1;
      return textFor(draw, `writer ${number} text ${mark}`);
    },
  };
  for (let id = 1; id <= firstRows; id++) {
    if (id % writers !== number || isStatic(id)) continue;
    own.add(id);
    if (joins > 0) own.add(KEYS_FROM[PASSAGE] + id);
    const chapter = firstChapterOf(world, id);
    if (chapter !== null) own.add(chapter);
  }
  return own;
}
