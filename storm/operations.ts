import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Draw } from './draw.ts';
import type { Expected } from './journal.ts';
import type { RowSource } from './own-rows.ts';
import { type Columns, OLD_MODEL, POISON, POISONS, TABLE, vectorText } from './world.ts';

/** The statements of one operation, and the expected rows once it is acknowledged. */
export interface PlannedWrite {
  change: Map<number, Expected>;
  run(client: pg.ClientBase): Promise<unknown>;
}

/** Weight of each operation. */
export const OPERATIONS = {
  insert: 20,
  'insert with own vector': 3,
  'update text': 24,
  'update text and own vector': 3,
  'update other column': 14,
  'update many': 4,
  upsert: 10,
  delete: 6,
  'bulk copy': 1,
  'insert and roll back': 4,
  'roll back to savepoint': 3,
  'hold transaction open': 2,
  'take text away': 3,
  'change key': 2,
  poison: 1,
};

export type OperationName = keyof typeof OPERATIONS;

const BULK_ROWS = 100;
const updateText = (columns: Columns) => `UPDATE ${TABLE} SET ${columns.content} = $2 WHERE ${columns.id} = $1`;
const insertRow = (columns: Columns) => `INSERT INTO ${TABLE} (${columns.id}, ${columns.content}, title) VALUES ($1, $2, $3)`;

/**
 * Plans one operation; undefined when the writer has no row for it.
 *
 * @param columns current names of the columns
 */
export function planWrite(name: OperationName, draw: Draw, rows: RowSource, columns: Columns): PlannedWrite | undefined {
  const found = rows.existing();
  if (!found) return insertNew(rows, 'new', columns);
  const { id: keyColumn, content: text, embedding: vector } = columns;
  const [updateOf, insertOf] = [updateText(columns), insertRow(columns)];
  const { id, state } = found;
  const content = rows.text();
  const updated = new Map<number, Expected>([[id, { ...state, content }]]);
  switch (name) {
    case 'insert':
      return insertNew(rows, 'new', columns);
    case 'insert with own vector': {
      const key = rows.fresh();
      return {
        change: new Map([[key, { content, title: 'own' }]]),
        run: (client) =>
          client.query(`INSERT INTO ${TABLE} (${keyColumn}, ${text}, title, ${vector}) VALUES ($1, $2, 'own', $3)`, [
            key,
            content,
            vectorText(OLD_MODEL, content),
          ]),
      };
    }
    case 'update text':
      return { change: updated, run: (client) => client.query(updateOf, [id, content]) };
    case 'update text and own vector':
      return {
        change: updated,
        run: (client) =>
          client.query(`UPDATE ${TABLE} SET ${text} = $2, ${vector} = $3 WHERE ${keyColumn} = $1`, [
            id,
            content,
            vectorText(OLD_MODEL, content),
          ]),
      };
    case 'update other column': {
      const title = `title ${draw.between(1, 1_000_000)}`;
      return {
        change: new Map([[id, { ...state, title }]]),
        run: (client) => client.query(`UPDATE ${TABLE} SET title = $2, views = views + 1 WHERE ${keyColumn} = $1`, [id, title]),
      };
    }
    case 'update many': {
      const several = new Map(
        [found, ...Array.from({ length: 9 }, () => rows.existing())].flatMap((row) => (row ? [[row.id, row.state]] : [])),
      );
      return {
        change: new Map([...several].map(([key, old]) => [key, { ...old, content: `${content} ${key}` }])),
        run: (client) =>
          client.query(`UPDATE ${TABLE} SET ${text} = $2 || ' ' || ${keyColumn} WHERE ${keyColumn} = ANY ($1)`, [
            [...several.keys()],
            content,
          ]),
      };
    }
    case 'upsert': {
      const key = draw.chance(0.5) ? id : rows.fresh();
      return {
        change: new Map([[key, { content, title: 'upserted' }]]),
        run: (client) =>
          client.query(
            `INSERT INTO ${TABLE} (${keyColumn}, ${text}, title) VALUES ($1, $2, 'upserted')
             ON CONFLICT (${keyColumn}) DO UPDATE SET ${text} = excluded.${text}, title = excluded.title`,
            [key, content],
          ),
      };
    }
    case 'delete':
      return { change: new Map([[id, undefined]]), run: (client) => client.query(`DELETE FROM ${TABLE} WHERE ${keyColumn} = $1`, [id]) };
    case 'bulk copy': {
      const copied = new Map(Array.from({ length: BULK_ROWS }, () => [rows.fresh(), { content: rows.text(), title: 'copied' }]));
      const lines = [...copied].map(([key, row]) => `${key}\t${row.content}\t${row.title}\n`);
      return {
        change: copied,
        run: (client) => pipeline(lines, client.query(copyFrom(`COPY ${TABLE} (${keyColumn}, ${text}, title) FROM STDIN`))),
      };
    }
    case 'insert and roll back':
      return {
        change: new Map(),
        async run(client) {
          await client.query('BEGIN');
          await client.query(insertOf, [rows.fresh(), content, 'never']);
          await client.query(updateOf, [id, content]);
          await client.query('ROLLBACK');
        },
      };
    case 'roll back to savepoint':
      return {
        change: updated,
        async run(client) {
          await client.query('BEGIN');
          await client.query(updateOf, [id, content]);
          await client.query('SAVEPOINT here');
          await client.query(updateOf, [id, `${content} taken back`]);
          await client.query('ROLLBACK TO SAVEPOINT here');
          await client.query('COMMIT');
        },
      };
    case 'hold transaction open': {
      const isKept = draw.chance(0.7);
      const held = draw.between(200, 3000);
      return {
        change: isKept ? updated : new Map(),
        async run(client) {
          await client.query('BEGIN');
          await client.query(updateOf, [id, content]);
          await sleep(held);
          await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
        },
      };
    }
    case 'take text away': {
      const blank = draw.pick([null, '', '  ']);
      return { change: new Map([[id, { ...state, content: blank }]]), run: (client) => client.query(updateOf, [id, blank]) };
    }
    case 'change key': {
      const key = rows.fresh();
      return {
        change: new Map<number, Expected>([
          [id, undefined],
          [key, state],
        ]),
        run: (client) => client.query(`UPDATE ${TABLE} SET ${keyColumn} = $2 WHERE ${keyColumn} = $1`, [id, key]),
      };
    }
    case 'poison': {
      const poisoned = `${POISON} ${draw.pick([...POISONS])} ${content}`;
      return { change: new Map([[id, { ...state, content: poisoned }]]), run: (client) => client.query(updateOf, [id, poisoned]) };
    }
  }
}

function insertNew(rows: RowSource, title: string, columns: Columns): PlannedWrite {
  const key = rows.fresh();
  const content = rows.text();
  return { change: new Map([[key, { content, title }]]), run: (client) => client.query(insertRow(columns), [key, content, title]) };
}
