import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** What the application calls things; quoted where SQL wants it. */
export interface Names {
  /** the table that was first called so; the twin goes by the same rule */
  table: (first: string) => string;
  key: string;
  text: string;
  other: string;
}

export const FIRST_NAMES: Names = { table: (first) => first, key: 'id', text: 'content', other: 'note' };

/** A table that pg-reembed works on, and one of the same shape that it does not know. */
export interface Pair {
  subject: string;
  twin: string;
}

/**
 * An application that inserts, updates, upserts and deletes all the while, on connections of its own that stay open. Each
 * statement goes to the table and then to its twin, so that a failure which the application brought upon itself, by a change
 * of the table, is distinguished from one that pg-reembed brought.
 */
export interface Application {
  /** what the table refused and the twin took */
  readonly failures: string[];
  /** statements that the table took */
  readonly written: number;
  /** how the table is written to from the next statement on */
  use(names: Names): void;
  /** resolves when every writer has run all its statements so many times */
  rounds(times: number): Promise<void>;
  /** no statement is under way until `resume` */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** One statement of the application. */
interface Statement {
  what: string;
  text: string;
  values: unknown[];
}

const WRITERS = 2;
const PAUSE_MS = 8;

/** @param rows the keys from 1 to this number are there at the beginning */
export async function startApplication(url: string, pair: Pair, rows: number): Promise<Application> {
  const writers = await Promise.all(Array.from({ length: WRITERS }, (_, number) => connect(url, number)));
  const state = { names: FIRST_NAMES, isOver: false, isPaused: false, underWay: 0, written: 0 };
  const rounds = writers.map(() => 0);
  const failures: string[] = [];

  const running = writers.map(async (client, number) => {
    while (!state.isOver) {
      for (let i = 0; i < STATEMENTS.length && !state.isOver; i++) {
        while (state.isPaused && !state.isOver) await sleep(PAUSE_MS);
        state.underWay += 1;
        await writeBoth(client, number, i).finally(() => {
          state.underWay -= 1;
        });
        await sleep(PAUSE_MS);
      }
      rounds[number] = (rounds[number] ?? 0) + 1;
    }
  });

  async function writeBoth(client: pg.Client, writer: number, which: number): Promise<void> {
    const statement = STATEMENTS[which] as (typeof STATEMENTS)[number];
    const { names } = state;
    const row = { writer, round: rounds[writer] ?? 0, rows };
    const { what, text, values } = statement(names.table(pair.subject), names, row);
    const refused = await failureOf(client.query(text, values));
    // The twin comes second and is changed in the same transaction: it never takes what the table would no longer have to.
    const twin = statement(names.table(pair.twin), names, row);
    const twinRefused = await failureOf(client.query(twin.text, twin.values));
    if (refused && !twinRefused) failures.push(`${what}: ${refused}`);
    if (!refused) state.written += 1;
  }

  return {
    failures,
    get written() {
      return state.written;
    },
    use(names) {
      state.names = names;
    },
    async rounds(times) {
      // The round under way is not a whole one.
      const wanted = rounds.map((done) => done + times + 1);
      while (rounds.some((done, i) => done < (wanted[i] ?? 0))) await sleep(PAUSE_MS);
    },
    async pause() {
      state.isPaused = true;
      while (state.underWay > 0) await sleep(PAUSE_MS);
    },
    resume() {
      state.isPaused = false;
    },
    async stop() {
      state.isOver = true;
      await Promise.all(running);
      await Promise.all(writers.map((client) => client.end()));
    },
  };
}

interface Row {
  writer: number;
  round: number;
  rows: number;
}

/** A key that no other statement has. */
const fresh = ({ writer, round }: Row, place: number) => 1_000_000 * (writer + 1) + 10 * round + place;
/** A row that was there at the beginning; each writer has its own, so that none waits for another. */
const first = ({ writer, round, rows }: Row, place: number) => 1 + writer + WRITERS * ((7 * round + place) % Math.floor(rows / WRITERS));
const words = ({ writer, round }: Row, what: string) => `${what} by writer ${writer} in round ${round}`;

const STATEMENTS: ((table: string, names: Names, row: Row) => Statement)[] = [
  (table, { key, text }, row) => ({
    what: 'INSERT',
    text: `INSERT INTO ${table} (${key}, ${text}) VALUES ($1, $2)`,
    values: [fresh(row, 0), words(row, 'inserted')],
  }),
  (table, { key, text }, row) => ({
    what: 'UPDATE of the text',
    text: `UPDATE ${table} SET ${text} = $2 WHERE ${key} = $1`,
    values: [first(row, 0), words(row, 'updated')],
  }),
  (table, { key, other }, row) => ({
    what: 'UPDATE of another column',
    text: `UPDATE ${table} SET ${other} = $2 WHERE ${key} = $1`,
    values: [first(row, 1), words(row, 'noted')],
  }),
  (table, { key }, row) => ({
    what: 'UPDATE of the key',
    text: `UPDATE ${table} SET ${key} = $2 WHERE ${key} = $1`,
    values: [first(row, 2), fresh(row, 1)],
  }),
  (table, { key, text }, row) => ({
    what: 'INSERT ... ON CONFLICT that inserts',
    text: upsert(table, key, text),
    values: [fresh(row, 2), words(row, 'upserted')],
  }),
  (table, { key, text }, row) => ({
    what: 'INSERT ... ON CONFLICT that updates',
    text: upsert(table, key, text),
    values: [first(row, 3), words(row, 'upserted over')],
  }),
  (table, { key }, row) => ({ what: 'DELETE', text: `DELETE FROM ${table} WHERE ${key} = $1`, values: [first(row, 4)] }),
];

function upsert(table: string, key: string, text: string): string {
  return `INSERT INTO ${table} (${key}, ${text}) VALUES ($1, $2) ON CONFLICT (${key}) DO UPDATE SET ${text} = excluded.${text}`;
}

async function connect(url: string, number: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: `application ${number}` });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function failureOf(query: Promise<unknown>): Promise<string | undefined> {
  try {
    await query;
    return undefined;
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string };
    return `${code} ${message}`;
  }
}
