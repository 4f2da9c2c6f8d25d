import type pg from 'pg';
import type { TableOptions } from './documents.ts';

/** A measured method of filling the new vectors. */
export interface Contender {
  letter: Letter;
  title: string;
  /** the application's query while it runs; its parameter is the query vector, as text */
  search: string;
  /** creates what must exist before the first vector can be written; returns where the vectors will be */
  prepare(copy: Copy): Promise<Result>;
  /**
   * Writes the vectors; resolves when every row that existed at the start has its own.
   *
   * @param onRows called from time to time with the number of rows that have their vector
   */
  fill(onRows: (rows: number) => void): Promise<{ seconds: number }>;
  /** called once the application is idle: completes the remaining work, ends the process and returns its resource usage */
  settle(): Promise<ClientUsage>;
  /** ends everything that still runs; may be called at any time */
  close(): Promise<void>;
}

export const LETTERS = ['a', 'b', 'c', 'd', 'e'] as const;
export type Letter = (typeof LETTERS)[number];

/** A fresh copy of the table, for one contender. */
export interface Copy {
  url: string;
  client: pg.Client;
  table: TableOptions;
}

/** Where a contender's vectors are. */
export interface Result {
  /** relation, as SQL, with the key in column id */
  relation: string;
  column: string;
  /** whether rows written meanwhile must have the vector of their current text */
  isCurrent: boolean;
}

/** Resources that a contender used outside the server. */
export interface ClientUsage {
  cpuMicroseconds: number;
  peakMemoryBytes: number;
  /** figures of this kind of contender only */
  more: Record<string, number>;
}
