import { pushAfter, pushDuring } from './drizzle.ts';
import type { Deployment } from './program.ts';

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
  /** why the library cannot write through the view of the new model, and what it then says */
  refusedWrite?: { reason: string; says: RegExp };
  /** CI runs this one; the nightly run has all of them */
  inCi?: true;
}

const NOT_NULL = { reason: 'the old column is NOT NULL', says: /null value in column "embedding"/ };

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
  { name: 'sqlalchemy', table: 'documents', text: 'content' },
  { name: 'django', table: 'documents', text: 'content', refusedWrite: NOT_NULL },
  { name: 'drizzle', table: 'documents', text: 'content', during: pushDuring, after: pushAfter },
];

/** Pages that no program runs, with the reason. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  prisma: 'the engine of Prisma is downloaded from a server that the tests do not reach',
  rails: 'Rails is not among the libraries that the tests install',
  spring: 'Java is not among the languages that the tests run',
};
