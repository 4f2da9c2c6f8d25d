import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Expected, RowState } from './journal.ts';
import type { PlannedWrite } from './operations.ts';
import { TABLE } from './world.ts';

export type Statement = readonly [text: string, values: unknown[]];

/** One statement, or several in a transaction. */
export function change(states: [number, Expected][], ...statements: Statement[]): PlannedWrite {
  return {
    change: new Map(states),
    async run(client: pg.ClientBase) {
      if (statements.length > 1) await client.query('BEGIN');
      for (const [text, values] of statements) await client.query(text, values);
      if (statements.length > 1) await client.query('COMMIT');
    },
  };
}

/** Rows and their passages by COPY, in one transaction. */
export function copyRows(copied: { key: number; of: number; passage: RowState }[]): PlannedWrite {
  return {
    change: new Map<number, Expected>(
      copied.flatMap(({ key, of, passage }): [number, Expected][] => [
        [key, { content: null, title: 'copied', refersTo: of }],
        [of, passage],
      ]),
    ),
    async run(client) {
      const copy = (lines: string[], into: string) => pipeline(lines, client.query(copyFrom(`COPY ${into} FROM STDIN`)));
      await client.query('BEGIN');
      await copy(
        copied.map(({ of, passage }) => `${of}\t${passage.refersTo ?? '\\N'}\t${passage.content}\n`),
        'passage (id, chapter_id, body)',
      );
      await copy(
        copied.map(({ key, of }) => `${key}\t${of}\tcopied\n`),
        `${TABLE} (id, passage_id, title)`,
      );
      await client.query('COMMIT');
    },
  };
}
