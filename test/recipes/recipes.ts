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
  /** CI runs this one; the nightly run has all of them */
  inCi?: true;
}

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
  { name: 'langchain_store', table: 'handbook', text: 'content' },
  { name: 'sqlalchemy', table: 'documents', text: 'content' },
  { name: 'django', table: 'documents', text: 'content' },
  { name: 'haystack', table: 'haystack_documents', text: 'content' },
];

/** Pages that no program runs, with the reason. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  prisma: 'the engine of Prisma is downloaded from a server that the tests do not reach',
  rails: 'Rails is not among the libraries that the tests install',
  spring: 'Java is not among the languages that the tests run',
};
