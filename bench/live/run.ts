import { type Copies, onCopies } from '../backfill/copies.ts';
import type { TableOptions } from '../backfill/documents.ts';
import type { Machine } from '../backfill/machine.ts';
import type { Storage } from '../backfill/product.ts';
import { type Alternation, alternate } from './alternate.ts';
import { type Condition, createTally, type Figures } from './latencies.ts';
import type { BridgeFigures } from './over-bridge.ts';

/** What is measured, and how. */
export interface LiveOptions extends Omit<Alternation, 'isEnough'> {
  table: TableOptions;
  storages: Storage[];
  /** searches, and as many writes, that are needed of each condition */
  samples: number;
  /** memory for index builds, in megabytes */
  maintenanceMemory: number;
}

/** Result of a run; `figures` by storage. */
export interface LiveResult {
  machine: Machine;
  options: LiveOptions;
  storages: OfStorage[];
}

interface OfStorage {
  storage: Storage;
  campaigns: number;
  figures: Figures[];
  bridge: BridgeFigures | undefined;
}

/** @param server URL of a superuser, on a real server with extension vector */
export function runLiveBench(server: string, options: LiveOptions, say: (line: string) => void): Promise<LiveResult> {
  return onCopies(server, options, say, async (copies) => {
    const storages: OfStorage[] = [];
    for (const storage of options.storages) storages.push(await measureStorage(copies, storage, options, say));
    return { machine: copies.machine, options, storages };
  });
}

/** Runs campaigns on fresh copies until there are enough samples. */
async function measureStorage({ inCopy }: Copies, storage: Storage, options: LiveOptions, say: (line: string) => void): Promise<OfStorage> {
  const tally = createTally();
  const isEnough = () => options.conditions.every((condition) => fewest(tally, condition) >= options.samples);
  let campaigns = 0;
  let bridge: BridgeFigures | undefined;
  while (!isEnough()) {
    campaigns += 1;
    // Each campaign begins with the condition that has the fewest samples, because its backfill may end before the last one's turn.
    const conditions = options.conditions.toSorted((a, b) => fewest(tally, a) - fewest(tally, b));
    bridge = await inCopy(`${storage === 'column' ? 'column' : 'side'}_${campaigns}`, (copy) =>
      alternate(copy, storage, { ...options, conditions, isEnough }, tally),
    );
    say(
      `${storage}: campaign ${campaigns}, ${options.conditions.map((condition) => `${fewest(tally, condition)} ${condition}`).join(', ')}`,
    );
  }
  return { storage, campaigns, figures: tally.figures(), bridge };
}

function fewest(tally: ReturnType<typeof createTally>, condition: Condition): number {
  const { reads, writes } = tally.of(condition);
  return Math.min(reads.length, writes.length);
}
