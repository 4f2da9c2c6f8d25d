import type { ProviderPlace } from './answers.ts';
import type { Letter } from './contender.ts';
import type { TableOptions } from './documents.ts';
import type { Machine } from './machine.ts';
import type { Latency } from './open-loop.ts';
import type { Procedure } from './procedure.ts';
import type { Growth } from './snapshot.ts';

/** What is measured, and how. */
export interface BenchOptions {
  table: TableOptions;
  contenders: Letter[];
  readsPerSecond: number;
  writesPerSecond: number;
  /** duration of the idle phase, without a contender */
  idleSeconds: number;
  /** latency of the provider in milliseconds */
  latency: number;
  provider: ProviderPlace;
  /** settings of the toolkit, as arguments of `npm run setting` */
  settings: string[];
  /** environment of its commands, as name=value */
  environment: string[];
  /** memory for index builds, in megabytes */
  maintenanceMemory: number;
  procedure: boolean;
  keep: boolean;
}

/** Figures that are compared: less is better in all but the first. */
export interface Comparable {
  rowsPerSecond: number;
  clientCpuMicrosecondsPerRow: number;
  /** null if the server's processes are not visible */
  serverCpuMicrosecondsPerRow: number | null;
  walBytesPerRow: number;
  growthBytesPerRow: number;
  peakMemoryBytes: number;
}

/** All figures of one contender. */
export interface Figures extends Comparable {
  contender: Letter;
  title: string;
  seconds: number;
  autovacuumCpuMicroseconds: number | null;
  /** WAL of the application, already subtracted */
  applicationWalBytes: number;
  growth: Growth;
  /**
   * share of HOT updates among all updates of the table, the application's included; null if there were fewer updates
   * than rows, which means that the contender made none
   */
  hotShare: number | null;
  updates: number;
  deadTuples: number;
  autovacuums: number;
  /** latencies of the application, alone and with the contender; null without an application */
  idle: { reads: Latency; writes: Latency } | null;
  during: { reads: Latency; writes: Latency } | null;
  /** number of rows written meanwhile that lack the vector of their current text */
  outdatedRows: number;
  comparedRows: number;
  /** figures of one kind of contender only */
  more: Record<string, number>;
  /** its figures divided by those of contender a, and of contender e */
  ratios: { toRowByRow: Ratios | null; toFloor: Ratios | null };
}

export type Ratios = Record<keyof Comparable, number | null>;

/** The result of a run, as written to a file. */
export interface BenchResult {
  machine: Machine;
  options: BenchOptions;
  contenders: Figures[];
  /** requested contenders that cannot run, each with the reason */
  absent: { contender: Letter; reason: string }[];
  procedure: Procedure | null;
}

const COMPARABLE = [
  'rowsPerSecond',
  'clientCpuMicrosecondsPerRow',
  'serverCpuMicrosecondsPerRow',
  'walBytesPerRow',
  'growthBytesPerRow',
  'peakMemoryBytes',
] as const satisfies (keyof Comparable)[];

/** Divides each figure by that of another contender; null if that is missing. */
export function ratiosTo(figures: Comparable, base: Comparable): Ratios {
  return Object.fromEntries(
    COMPARABLE.map((name) => {
      const [value, of] = [figures[name], base[name]];
      return [name, value === null || of === null || of === 0 ? null : value / of];
    }),
  ) as Ratios;
}

/** Adds the ratios to contenders a and e of the same run to the figures. */
export function addRatios(all: Figures[]): void {
  const [rowByRow, floor] = (['a', 'e'] as const).map((letter) => all.find(({ contender }) => contender === letter));
  for (const figures of all) {
    figures.ratios = { toRowByRow: rowByRow ? ratiosTo(figures, rowByRow) : null, toFloor: floor ? ratiosTo(figures, floor) : null };
  }
}
