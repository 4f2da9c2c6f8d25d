import type pg from 'pg';
import { pushAfter, pushDuring } from './drizzle.ts';
import type { Deployment } from './program.ts';
import { OWN_ROWS, SUPABASE, writeHiddenRows } from './supabase.ts';

/** Why the library cannot do something through the view of a model, and what is then said. */
export interface Refusal {
  reason: string;
  says: RegExp;
  /** through the view of the old model too; otherwise only through that of the new one */
  byBoth?: true;
}

/** What a platform provides beyond PostgreSQL, and the page therefore does not create. */
export interface Platform {
  open(pool: pg.Pool): Promise<void>;
  /** adds rows that the application may not see */
  addHiddenRows(pool: pg.Pool): Promise<void>;
  /** rejects unless they are all there, with a vector in each of the columns */
  checkHiddenRows(pool: pg.Pool, columns: string[]): Promise<void>;
  /** removes what remains on the server when the database is dropped */
  close(server: string): Promise<void>;
}

/** What is special about the table and the texts of a page of docs/recipes. */
export interface Recipe {
  /** name of the page */
  name: string;
  table: string;
  /** column of the text */
  text: string;
  /** what the framework embeds for a text; by default the text itself */
  embedded?: (text: string) => string;
  /** whether live.py of the page can be given the key of a reader, for the canary */
  hasReaders?: true;
  /** what else is tried with the deployment of the old model before contract, and with that of the new one afterwards */
  during?: (deployment: Deployment) => Promise<void>;
  after?: (deployment: Deployment) => Promise<void>;
  /** why the library cannot search, or write, through the view of a model */
  refusedRead?: Refusal;
  refusedWrite?: Refusal;
  /** a condition on the rows that are the application's: it may not see any others */
  ownRows?: string;
  /** role that the application sets for its statements */
  memberOf?: string;
  platform?: Platform;
  /** CI runs this one; the nightly run has all of them */
  inCi?: true;
}

const NOT_NULL = { reason: 'the old column is NOT NULL', says: /null value in column "embedding"/ };

const ALTERS_TABLE: Refusal = {
  reason: 'it opens tables only',
  says: /must be owner of view|cannot be performed on relation/,
  byBoth: true,
};

/** Many applications create their tables whenever they start. */
const createAgain = (deployment: Deployment) => deployment.call<void>('app', 'create');

/** Every page that is run. */
export const RECIPES: readonly Recipe[] = [
  { name: 'psycopg', table: 'documents', text: 'content', hasReaders: true, inCi: true },
  { name: 'langchain', table: 'langchain_pg_embedding', text: 'document' },
  {
    name: 'llamaindex',
    table: 'data_chunks',
    text: 'text',
    embedded: (text) => `words: ${text.split(' ').length} subject: ${text.split(' ')[0]} draft: False  ${text}`,
  },
  { name: 'langchain_store', table: 'handbook', text: 'content', refusedWrite: NOT_NULL },
  {
    name: 'haystack',
    table: 'handbook',
    text: 'content',
    embedded: (text) => `${text.split(' ')[0]}\n${text}`,
    during: createAgain,
    after: createAgain,
  },
  { name: 'langchain_js', table: 'chunks', text: 'text', during: createAgain, after: createAgain },
  {
    name: 'mastra',
    table: 'chunks',
    text: "metadata ->> 'text'",
    refusedRead: ALTERS_TABLE,
    refusedWrite: ALTERS_TABLE,
    during: createAgain,
    after: createAgain,
  },
  { name: 'sqlalchemy', table: 'documents', text: 'content' },
  { name: 'django', table: 'documents', text: 'content', refusedWrite: NOT_NULL },
  { name: 'drizzle', table: 'documents', text: 'content', during: pushDuring, after: pushAfter },
  {
    name: 'supabase',
    table: 'documents',
    text: 'content',
    ownRows: OWN_ROWS,
    memberOf: 'authenticated',
    platform: SUPABASE,
    during: writeHiddenRows,
    after: writeHiddenRows,
  },
];

/** Pages that no program runs, with the reason. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  prisma: 'the engine of Prisma is downloaded from a server that the tests do not reach',
  rails: 'Rails is not among the libraries that the tests install',
  spring: 'Java is not among the languages that the tests run',
};
