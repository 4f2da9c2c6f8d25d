import { type BenchDatabases, connect, createBenchDatabases } from '../backfill/databases.ts';
import { createDocuments, type TableOptions } from '../backfill/documents.ts';
import { describeMachine, type Machine } from '../backfill/machine.ts';
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
  storages: { storage: Storage; campaigns: number; figures: Figures[]; bridge: BridgeFigures | undefined }[];
}

const TEMPLATE = 'template';

/** @param server URL of a superuser, on a real server with extension vector */
export function startLiveBench(server: string, options: LiveOptions, say: (line: string) => void) {
  const databases = createBenchDatabases(server);
  return { result: runAll(databases, options, say), close: () => databases.close(false) };
}

async function runAll(databases: BenchDatabases, options: LiveOptions, say: (line: string) => void): Promise<LiveResult> {
  const machine = await prepare(databases, options, say);
  const storages: LiveResult['storages'] = [];
  for (const storage of options.storages) {
    const tally = createTally();
    const isEnough = () => options.conditions.every((condition) => fewest(tally, condition) >= options.samples);
    let campaigns = 0;
    let bridge: BridgeFigures | undefined;
    while (!isEnough()) {
      campaigns += 1;
      const name = `${storage === 'column' ? 'column' : 'side'}_${campaigns}`;
      const url = await databases.copy(TEMPLATE, name);
      const client = await connect(url, 'bench monitor');
      try {
        // Each campaign begins with the condition that has the fewest samples, because its backfill may end before the last one's turn.
        const conditions = options.conditions.toSorted((a, b) => fewest(tally, a) - fewest(tally, b));
        bridge = await alternate({ url, client, table: options.table }, storage, { ...options, conditions, isEnough }, tally);
      } finally {
        await client.end();
        await databases.drop(name);
      }
      say(
        `${storage}: campaign ${campaigns}, ${options.conditions.map((condition) => `${fewest(tally, condition)} ${condition}`).join(', ')}`,
      );
    }
    storages.push({ storage, campaigns, figures: tally.figures(), bridge });
  }
  return { machine, options, storages };
}

function fewest(tally: ReturnType<typeof createTally>, condition: Condition): number {
  const { reads, writes } = tally.of(condition);
  return Math.min(reads.length, writes.length);
}

async function prepare(databases: BenchDatabases, options: LiveOptions, say: (line: string) => void): Promise<Machine> {
  const client = await connect(await databases.create(TEMPLATE), 'bench monitor');
  try {
    await createDocuments(client, options.table, options.maintenanceMemory, say);
    return await describeMachine(client);
  } finally {
    // A database with open connections cannot be copied.
    await client.end();
  }
}
