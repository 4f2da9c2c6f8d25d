import pg from 'pg';
import { toSql } from 'pgvector';
import type { Workplace } from '../test/harness/command.ts';
import { type TestProvider, vectorOf } from '../test/harness/provider.ts';
import { createDraw, type Draw } from './draw.ts';
import { Journal } from './journal.ts';
import type { StormServer } from './server.ts';
import { Offences, Tally } from './tally.ts';

export const OLD_MODEL = 'old-model';
export const NEW_MODEL = 'new-model';
// Equal on purpose: vectors of the wrong model would fit the column, so that only their values show the error.
export const DIMENSIONS = 32;
export const TABLE = 'documents';
export const SIDE_TABLE = 'documents_new_model_vectors';
/** every tenth of the first rows is never written, so that what a search returns of it can be checked exactly */
export const isStatic = (id: number): boolean => id % 10 === 0;
export const POISON = 'poison';
/** how a provider may answer a text that it never accepts */
export const POISONS = ['400', '500', 'firewall', 'body', 'cut', 'count'] as const;

const WORDS = 'river stone cloud paper winter engine garden silver harbor violin desert candle mirror forest bridge copper'.split(' ');

/** Size and duration of a storm. */
export interface StormOptions {
  seconds: number;
  seed: number;
  rows: number;
  writers: number;
  searchers: number;
  workers: number;
  /** tables between the vectors and their text, at most 2; 0: the text is in the table itself */
  joins: number;
  /** partitions of the table, by the hash of its key; 0: it is not partitioned */
  partitions: number;
  /** where the new vectors are stored */
  storage: 'column' | 'side-table';
  /** whether one of the searchers searches over a bridge */
  bridge: boolean;
  /** whether DDL changes the table during the storm */
  ddl: boolean;
  /** whether the table refuses some updates, and texts are poisonous in every way a provider knows */
  hostile: boolean;
  /** maximum allowed duration of a write, in milliseconds */
  longestStall: number;
}

/** Current names of the table's columns. */
export interface Columns {
  id: string;
  content: string;
  embedding: string;
}

/** State shared by all actors of the storm. */
export interface World {
  options: StormOptions;
  server: StormServer;
  provider: TestProvider;
  workplace: Workplace;
  /** connections of the storm itself, for preparation and checks */
  pool: pg.Pool;
  /** connections of the application, never terminated on purpose */
  application: pg.Pool;
  journal: Journal;
  operations: Tally;
  faults: Tally;
  failedReads: Offences;
  wrongAnswers: Offences;
  failedWrites: Offences;
  lostWrites: Offences;
  bugs: Offences;
  /** longest durations of single writes, in milliseconds, the longest first */
  stalls: { milliseconds: number; what: string }[];
  /** ends writers, searchers and faults */
  over: AbortSignal;
  /** whether the application may write vectors of the old model itself, until contract */
  writesOwnVectors: boolean;
  /** the application uses these names */
  columns: Columns;
  /** times of DDL on the table; an operation that overlaps one may have waited for it, or not know the new names yet */
  changes: { from: number; to: number }[];
  isChanged(from: number, to: number): boolean;
  draw(actor: string): Draw;
  /** adds a line to the log for the investigation of failures */
  log(line: string): void;
}

export function createWorld(
  parts: Pick<World, 'options' | 'server' | 'provider' | 'workplace' | 'over' | 'log'>,
): World & { close(): Promise<void> } {
  const pool = createPool(parts.server.url, 'storm', 6);
  const application = createPool(parts.server.url, 'storm application', parts.options.writers + parts.options.searchers + 4);
  const changes: World['changes'] = [];
  return {
    ...parts,
    pool,
    application,
    journal: new Journal(),
    operations: new Tally(),
    faults: new Tally(),
    failedReads: new Offences(),
    wrongAnswers: new Offences(),
    failedWrites: new Offences(),
    lostWrites: new Offences(),
    bugs: new Offences(),
    stalls: [],
    writesOwnVectors: true,
    columns: { id: 'id', content: 'content', embedding: 'embedding' },
    changes,
    isChanged: (from, to) => changes.some((change) => from <= change.to && to >= change.from),
    draw: (actor) => createDraw(parts.options.seed, actor),
    async close() {
      await Promise.all([pool.end(), application.end()]);
    },
  };
}

function createPool(url: string, name: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, application_name: name, max, connectionTimeoutMillis: 5000 });
  pool.on('error', () => {});
  // A connection that breaks while it is checked out emits two errors; the one of the statement under way is handled.
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return pool;
}

/** A text that occurs only once. */
export function textFor(draw: Draw, mark: string): string {
  return `${draw.pick(WORDS)} ${draw.pick(WORDS)} ${draw.pick(WORDS)} ${mark}`;
}

/** The vector of a text by a model, as SQL text. */
export function vectorText(model: string, text: string): string {
  return toSql(Array.from(vectorOf(model, text, DIMENSIONS))) as string;
}

export function hasText(text: string | null): text is string {
  return text !== null && text.trim() !== '';
}

/** Whether a stored vector, as SQL text, is the model's vector of a text. */
export function isVectorOf(model: string, text: string, stored: string): boolean {
  const expected = vectorOf(model, text, DIMENSIONS);
  const found = Float32Array.from(JSON.parse(stored) as number[]);
  return found.length === expected.length && expected.every((component, i) => component === found[i]);
}
