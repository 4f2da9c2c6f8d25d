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
// The same size on purpose: vectors of the wrong model would fit, and give plausible nonsense.
export const DIMENSIONS = 32;
export const TABLE = 'documents';
export const SIDE_TABLE = 'documents_new_model_vectors';
/** every tenth row of the first ones is never written: whatever a search returns of it can be checked exactly */
export const isStatic = (id: number): boolean => id % 10 === 0;
export const POISON = 'poison';

const WORDS = 'river stone cloud paper winter engine garden silver harbor violin desert candle mirror forest bridge copper'.split(' ');

/** How large a storm is and how long it lasts. */
export interface StormOptions {
  seconds: number;
  seed: number;
  rows: number;
  writers: number;
  searchers: number;
  workers: number;
  /** where the new vectors are kept */
  storage: 'column' | 'side-table';
  /** whether somebody changes the table meanwhile */
  ddl: boolean;
  /** longest wait of a write that is allowed, in milliseconds */
  longestStall: number;
}

/** What the columns of the table are called now. */
export interface Columns {
  id: string;
  content: string;
  embedding: string;
}

/** What every actor of the storm shares. */
export interface World {
  options: StormOptions;
  server: StormServer;
  provider: TestProvider;
  workplace: Workplace;
  /** connections of the storm itself, to prepare and to look */
  pool: pg.Pool;
  /** of the application, never terminated on purpose */
  application: pg.Pool;
  journal: Journal;
  operations: Tally;
  faults: Tally;
  failedReads: Offences;
  wrongAnswers: Offences;
  failedWrites: Offences;
  lostWrites: Offences;
  bugs: Offences;
  /** longest waits of single writes, in milliseconds, the worst first */
  stalls: { milliseconds: number; what: string }[];
  /** ends writers, searchers and faults */
  over: AbortSignal;
  /** an application may write vectors of the old model itself, until contract */
  writesOwnVectors: boolean;
  /** the application follows these */
  columns: Columns;
  /** when the table was being changed; what overlaps with one may have waited for it, or not know its outcome */
  changes: { from: number; to: number }[];
  isChanged(from: number, to: number): boolean;
  draw(actor: string): Draw;
  /** a line for whoever looks into a failure */
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
  // A connection that breaks while it is checked out says so twice; the statement under way is the one that counts.
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return pool;
}

/** A text nobody else has. */
export function textFor(draw: Draw, mark: string): string {
  return `${draw.pick(WORDS)} ${draw.pick(WORDS)} ${draw.pick(WORDS)} ${mark}`;
}

/** The vector a model gives a text, as SQL text. */
export function vectorText(model: string, text: string): string {
  return toSql(Array.from(vectorOf(model, text, DIMENSIONS))) as string;
}

export function hasText(text: string | null): text is string {
  return text !== null && text.trim() !== '';
}

/** Whether a stored vector, as SQL text, is the one a model gives a text. */
export function isVectorOf(model: string, text: string, stored: string): boolean {
  const expected = vectorOf(model, text, DIMENSIONS);
  const found = Float32Array.from(JSON.parse(stored) as number[]);
  return found.length === expected.length && expected.every((component, i) => component === found[i]);
}
