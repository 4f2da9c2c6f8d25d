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
  /** length of the idle phase, without a contender */
  idleSeconds: number;
  /** milliseconds until the provider answers */
  latency: number;
  provider: ProviderPlace;
  /** settings of the toolkit, as `npm run setting` takes them */
  settings: string[];
  /** environment of its commands, as name=value */
  environment: string[];
  /** megabytes for the building of indexes */
  maintenanceMemory: number;
  procedure: boolean;
  keep: boolean;
}

/** Figures that are worth a comparison: less is better in all but the first. */
export interface Comparable {
  rowsPerSecond: number;
  clientCpuMicrosecondsPerRow: number;
  /** null where the server's processes are not to be seen */
  serverCpuMicrosecondsPerRow: number | null;
  walBytesPerRow: number;
  growthBytesPerRow: number;
  peakMemoryBytes: number;
}

/** Everything measured of one contender. */
export interface Figures extends Comparable {
  contender: Letter;
  title: string;
  seconds: number;
  autovacuumCpuMicroseconds: number | null;
  /** the application's own, already taken off */
  applicationWalBytes: number;
  growth: Growth;
  /** share of all updates of the table, the application's included; null where there were fewer than rows, so that the contender made none */
  hotShare: number | null;
  updates: number;
  deadTuples: number;
  autovacuums: number;
  /** of the application, alone and beside the contender; null without application */
  idle: { reads: Latency; writes: Latency } | null;
  during: { reads: Latency; writes: Latency } | null;
  /** rows written meanwhile that are left without the vector of their present text */
  outdatedRows: number;
  comparedRows: number;
  /** figures that only one kind of contender has */
  more: Record<string, number>;
  /** its figures divided by those of contender a, and of contender e */
  ratios: { toRowByRow: Ratios | null; toFloor: Ratios | null };
}

export type Ratios = Record<keyof Comparable, number | null>;

/** The outcome of a run, as it is written to a file. */
export interface BenchResult {
  machine: Machine;
  options: BenchOptions;
  contenders: Figures[];
  /** contenders that were asked for but cannot run, each with the reason */
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

/** Divides each figure by that of another contender; null where there is nothing to divide by. */
export function ratiosTo(figures: Comparable, base: Comparable): Ratios {
  return Object.fromEntries(
    COMPARABLE.map((name) => {
      const [value, of] = [figures[name], base[name]];
      return [name, value === null || of === null || of === 0 ? null : value / of];
    }),
  ) as Ratios;
}

/** Puts the ratios to contenders a and e of the same run into the figures. */
export function addRatios(all: Figures[]): void {
  const [rowByRow, floor] = (['a', 'e'] as const).map((letter) => all.find(({ contender }) => contender === letter));
  for (const figures of all) {
    figures.ratios = { toRowByRow: rowByRow ? ratiosTo(figures, rowByRow) : null, toFloor: floor ? ratiosTo(figures, floor) : null };
  }
}
