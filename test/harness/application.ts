import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** The names that the application uses, quoted where SQL requires it. */
export interface Names {
  /** the current name of the table that was first called so; the twin is renamed by the same rule */
  table: (first: string) => string;
  key: string;
  text: string;
  other: string;
}

export const FIRST_NAMES: Names = { table: (first) => first, key: 'id', text: 'content', other: 'note' };

/** A table that pg-reembed manages, and a twin of the same shape that it does not manage. */
export interface Pair {
  subject: string;
  twin: string;
}

/**
 * An application that continuously inserts, updates, upserts and deletes, on persistent connections of its own. Each
 * statement runs on the table and then on its twin. This distinguishes failures caused by a change of the table itself
 * from failures caused by pg-reembed.
 */
export interface Application {
  /** statements that failed on the table and succeeded on the twin */
  readonly failures: string[];
  /** number of statements that succeeded on the table */
  readonly written: number;
  /** sets the names used from the next statement on */
  use(names: Names): void;
  /** resolves when every writer has run all its statements that many more times */
  rounds(times: number): Promise<void>;
  /** resolves when no statement is under way; none starts until `resume` */
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

/** @param rows the keys from 1 to this number exist at the beginning */
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
    // The twin comes second and is changed in the same transaction as the table, so it never accepts a statement in a
    // form that the table already rejects.
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
      // The round under way is not complete.
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

/** A key that no other statement uses. */
const fresh = ({ writer, round }: Row, place: number) => 1_000_000 * (writer + 1) + 10 * round + place;
/** A row that existed at the beginning; each writer has its own, so that none waits for another. */
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
