import type pg from 'pg';
import type { TableOptions } from './documents.ts';

/** A way to fill the new vectors that is put to the test. */
export interface Contender {
  letter: Letter;
  title: string;
  /** query of the application while it runs; its parameter is the vector searched for, as text */
  search: string;
  /** makes what has to be there before the first vector can be written; returns where the vectors will be */
  prepare(copy: Copy): Promise<Result>;
  /**
   * Writes the vectors; resolves when every row that was there at the start has its own.
   *
   * @param onRows is called now and then with the number that have
   */
  fill(onRows: (rows: number) => void): Promise<{ seconds: number }>;
  /** the application is at rest now: ends what is left to do, and the process, and says what it took */
  settle(): Promise<ClientUsage>;
  /** ends whatever still runs; may be called at any time */
  close(): Promise<void>;
}

export const LETTERS = ['a', 'b', 'c', 'd', 'e'] as const;
export type Letter = (typeof LETTERS)[number];

/** A fresh copy of the table that belongs to one contender. */
export interface Copy {
  url: string;
  client: pg.Client;
  table: TableOptions;
}

/** Where a contender's vectors are to be found. */
export interface Result {
  /** relation, as SQL, with the key in column id */
  relation: string;
  column: string;
  /** whether rows that were written meanwhile must have the vector of their present text */
  isCurrent: boolean;
}

/** What a contender took outside the server. */
export interface ClientUsage {
  cpuMicroseconds: number;
  peakMemoryBytes: number;
  /** figures that only this kind of contender has */
  more: Record<string, number>;
}
