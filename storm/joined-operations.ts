import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import { CHAPTER, joinedText, PASSAGE, type TableName } from './joined-tables.ts';
import { change, copyRows, type Statement } from './joined-writes.ts';
import type { Expected, RowState } from './journal.ts';
import type { PlannedWrite } from './operations.ts';
import type { RowSource } from './own-rows.ts';
import { hasText, OLD_MODEL, POISON, TABLE, vectorText, type World } from './world.ts';

/** Weight of each operation on a table whose text is in another one. */
export const JOINED_OPERATIONS = {
  'insert row': 8,
  'insert row with own vector': 3,
  'insert row and passage': 8,
  'insert row before its passage': 5,
  'insert missing passage': 8,
  'bulk copy': 1,
  'update passage': 20,
  'update passage and own vector': 4,
  'update note': 8,
  'update many passages': 3,
  'upsert passage': 6,
  'refer to another passage': 8,
  'change key of row': 2,
  'change key of passage': 2,
  'delete row': 5,
  'delete passage': 4,
  'update and roll back': 4,
  'roll back to savepoint': 3,
  'hold transaction open': 2,
  'take text away': 3,
  poison: 1,
};

/** Those that need a chapter. */
export const CHAPTER_OPERATIONS = {
  'update heading': 5,
  'update passage and heading': 4,
  'move passage to another chapter': 5,
  'insert missing chapter': 4,
  'delete chapter': 1,
};

export type JoinedOperationName = keyof typeof JOINED_OPERATIONS | keyof typeof CHAPTER_OPERATIONS;

const BULK_ROWS = 50;
const TRIES = 30;
const INSERT_ROW = `INSERT INTO ${TABLE} (id, passage_id, title) VALUES ($1, $2, $3)`;
const INSERT_PASSAGE = 'INSERT INTO passage (id, chapter_id, body) VALUES ($1, $2, $3)';
const UPDATE_PASSAGE = 'UPDATE passage SET body = $2 WHERE id = $1';
const UPDATE_HEADING = 'UPDATE chapter SET heading = $2 WHERE id = $1';

/** Plans one operation on the three tables. What it needs and the writer does not have, it inserts instead. */
export function planJoinedWrite(name: JoinedOperationName, draw: Draw, rows: RowSource, { journal, options }: World): PlannedWrite {
  const [row, passage, chapter] = [rows.existing(), rows.existing(PASSAGE), rows.existing(CHAPTER)];
  const text = rows.text();
  if (!row || !passage) return insertBoth();
  const rewritten = withPassage({ content: text });

  switch (name) {
    case 'insert row':
      return one([[rows.fresh(), { content: null, title: 'new', refersTo: passage.id }]]);
    case 'insert row with own vector': {
      const key = rows.fresh();
      return change(
        [[key, { content: null, title: 'own', refersTo: passage.id }]],
        [`INSERT INTO ${TABLE} (id, passage_id, title, embedding) VALUES ($1, $2, 'own', $3)`, [key, passage.id, ownVector(passage.state)]],
      );
    }
    case 'insert row and passage':
      return insertBoth();
    case 'insert row before its passage':
      return one([[rows.fresh(), { content: null, title: 'early', refersTo: rows.fresh(PASSAGE) }]]);
    case 'insert missing passage': {
      const key = missing(TABLE) ?? rows.fresh(PASSAGE);
      return change([[key, newPassage(text)]], [INSERT_PASSAGE, [key, newPassage(text).refersTo, text]]);
    }
    case 'bulk copy':
      return copyRows(
        Array.from({ length: BULK_ROWS }, () => ({ key: rows.fresh(), of: rows.fresh(PASSAGE), passage: newPassage(rows.text()) })),
      );
    case 'update passage':
      return change(rewritten, [UPDATE_PASSAGE, [passage.id, text]]);
    case 'update passage and own vector': {
      const of = journal.get(row.state.refersTo ?? -1);
      if (!of || row.state.refersTo == null) return change(rewritten, [UPDATE_PASSAGE, [passage.id, text]]);
      const written = { ...of, content: text };
      const statements: Statement[] = [
        [UPDATE_PASSAGE, [row.state.refersTo, text]],
        [`UPDATE ${TABLE} SET embedding = $2 WHERE id = $1`, [row.id, ownVector(written)]],
      ];
      return change([[row.state.refersTo, written]], ...(draw.chance(0.5) ? statements : statements.reverse()));
    }
    case 'update note': {
      const note = `note ${draw.between(1, 1_000_000)}`;
      return change(withPassage({ title: note }), ['UPDATE passage SET note = $2 WHERE id = $1', [passage.id, note]]);
    }
    case 'update many passages': {
      const several = new Map(
        [passage, ...Array.from({ length: 9 }, () => rows.existing(PASSAGE))].flatMap((of) => (of ? [[of.id, of.state]] : [])),
      );
      return change(
        [...several].map(([id, state]) => [id, { ...state, content: `${text} ${id}` }]),
        ["UPDATE passage SET body = $2 || ' ' || id WHERE id = ANY ($1)", [[...several.keys()], text]],
      );
    }
    case 'upsert passage': {
      const key = draw.chance(0.5) ? passage.id : rows.fresh(PASSAGE);
      const state = key === passage.id ? { ...passage.state, content: text } : newPassage(text);
      return change([[key, state]], [`${INSERT_PASSAGE} ON CONFLICT (id) DO UPDATE SET body = excluded.body`, [key, state.refersTo, text]]);
    }
    case 'refer to another passage':
      return change(
        [[row.id, { ...row.state, refersTo: passage.id }]],
        [`UPDATE ${TABLE} SET passage_id = $2 WHERE id = $1`, [row.id, passage.id]],
      );
    case 'change key of row': {
      const key = rows.fresh();
      return change(
        [
          [row.id, undefined],
          [key, row.state],
        ],
        [`UPDATE ${TABLE} SET id = $2 WHERE id = $1`, [row.id, key]],
      );
    }
    case 'change key of passage': {
      const key = rows.fresh(PASSAGE);
      return change(
        [
          [passage.id, undefined],
          [key, passage.state],
        ],
        ['UPDATE passage SET id = $2 WHERE id = $1', [passage.id, key]],
      );
    }
    case 'delete row':
      return change([[row.id, undefined]], [`DELETE FROM ${TABLE} WHERE id = $1`, [row.id]]);
    case 'delete passage':
      return change([[passage.id, undefined]], ['DELETE FROM passage WHERE id = $1', [passage.id]]);
    case 'update and roll back':
      return {
        change: new Map(),
        async run(client) {
          await client.query('BEGIN');
          await client.query(UPDATE_PASSAGE, [passage.id, text]);
          await client.query(INSERT_PASSAGE, [rows.fresh(PASSAGE), null, text]);
          await client.query(`DELETE FROM ${TABLE} WHERE id = $1`, [row.id]);
          await client.query('ROLLBACK');
        },
      };
    case 'roll back to savepoint':
      return {
        change: new Map(rewritten),
        async run(client) {
          await client.query('BEGIN');
          await client.query(UPDATE_PASSAGE, [passage.id, text]);
          await client.query('SAVEPOINT here');
          await client.query('DELETE FROM passage WHERE id = $1', [passage.id]);
          await client.query('ROLLBACK TO SAVEPOINT here');
          await client.query('COMMIT');
        },
      };
    case 'hold transaction open': {
      const isKept = draw.chance(0.7);
      const held = draw.between(200, 3000);
      return {
        change: new Map(isKept ? rewritten : []),
        async run(client) {
          await client.query('BEGIN');
          await client.query(UPDATE_PASSAGE, [passage.id, text]);
          await sleep(held);
          await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
        },
      };
    }
    case 'take text away': {
      const blank = draw.pick([null, '', '  ']);
      return change(withPassage({ content: blank }), [UPDATE_PASSAGE, [passage.id, blank]]);
    }
    case 'poison': {
      const poisoned = `${POISON} 400 ${text}`;
      return change(withPassage({ content: poisoned }), [UPDATE_PASSAGE, [passage.id, poisoned]]);
    }
    case 'update heading':
      return chapter ? change(withHeading(chapter), [UPDATE_HEADING, [chapter.id, text]]) : insertChapter();
    case 'update passage and heading':
      if (!chapter) return insertChapter();
      return change([...rewritten, ...withHeading(chapter)], [UPDATE_PASSAGE, [passage.id, text]], [UPDATE_HEADING, [chapter.id, text]]);
    case 'move passage to another chapter': {
      const to = chapter && draw.chance(0.9) ? chapter.id : null;
      return change(withPassage({ refersTo: to }), ['UPDATE passage SET chapter_id = $2 WHERE id = $1', [passage.id, to]]);
    }
    case 'insert missing chapter':
      return insertChapter();
    case 'delete chapter':
      return chapter ? change([[chapter.id, undefined]], ['DELETE FROM chapter WHERE id = $1', [chapter.id]]) : insertChapter();
  }

  function withPassage(part: Partial<RowState>): [number, Expected][] {
    return passage ? [[passage.id, { ...passage.state, ...part }]] : [];
  }

  function withHeading(of: { id: number; state: RowState }): [number, Expected][] {
    return [[of.id, { ...of.state, content: text }]];
  }

  function newPassage(body: string): RowState {
    return { content: body, title: '', refersTo: options.joins === 2 ? (chapter?.id ?? null) : null };
  }

  /** A key to which a row of a table refers although there is no row with it. */
  function missing(table: TableName): number | undefined {
    for (let tries = 0; tries < TRIES; tries++) {
      const key = rows.existing(table)?.state.refersTo;
      if (key != null && !journal.get(key)) return key;
    }
    return undefined;
  }

  /** The old model's vector of a row that refers to a passage; none if there is no text. */
  function ownVector(of: RowState): string | null {
    const whole = joinedText(options.joins, of.refersTo == null ? undefined : journal.get(of.refersTo)?.content, of.content);
    return hasText(whole) && !whole.includes(POISON) ? vectorText(OLD_MODEL, whole) : null;
  }

  function insertBoth(): PlannedWrite {
    const [key, of] = [rows.fresh(), rows.fresh(PASSAGE)];
    const state = newPassage(text);
    const statements: Statement[] = [
      [INSERT_ROW, [key, of, 'new']],
      [INSERT_PASSAGE, [of, state.refersTo, text]],
    ];
    return change(
      [
        [key, { content: null, title: 'new', refersTo: of }],
        [of, state],
      ],
      ...(draw.chance(0.5) ? statements : statements.reverse()),
    );
  }

  function insertChapter(): PlannedWrite {
    const key = missing(PASSAGE) ?? rows.fresh(CHAPTER);
    return change([[key, { content: text, title: '' }]], ['INSERT INTO chapter (id, heading) VALUES ($1, $2)', [key, text]]);
  }
}

function one([[key, state]]: [[number, RowState]]): PlannedWrite {
  return change([[key, state]], [INSERT_ROW, [key, state.refersTo, state.title]]);
}
