import { undoneAtSignal } from '../../test/harness/undo-at-signal.ts';
import type { Copy } from './contender.ts';
import { connect, createBenchDatabases } from './databases.ts';
import { createDocuments, type TableOptions } from './documents.ts';
import { describeMachine, type Machine } from './machine.ts';

/** A filled table, of which each measurement gets a fresh copy in a database of its own. */
export interface Copies {
  machine: Machine;
  inCopy<T>(name: string, work: (copy: Copy) => Promise<T>): Promise<T>;
  /** in a database without a table */
  inEmpty<T>(name: string, work: (copy: Copy) => Promise<T>): Promise<T>;
}

/** What a measurement on copies needs to know. */
export interface CopiesOptions {
  table: TableOptions;
  /** memory for index builds, in megabytes */
  maintenanceMemory: number;
  /** whether the databases stay */
  keep?: boolean;
}

const TEMPLATE = 'template';

/**
 * Fills the table once, measures on copies of it, and drops all databases, also when a signal ends the process.
 *
 * @param server URL of a superuser, on a real server with extension vector
 */
export async function onCopies<T>(
  server: string,
  { table, maintenanceMemory, keep = false }: CopiesOptions,
  say: (line: string) => void,
  measure: (copies: Copies) => Promise<T>,
): Promise<T> {
  const databases = createBenchDatabases(server);
  const close = undoneAtSignal(async () => {
    const kept = await databases.close(keep);
    if (kept.length > 0) say(`kept: ${kept.join(', ')}`);
  });
  const inDatabase = async <R>(name: string, url: string, work: (copy: Copy) => Promise<R>): Promise<R> => {
    const client = await connect(url, 'bench monitor');
    try {
      return await work({ url, client, table });
    } finally {
      await client.end();
      if (!keep) await databases.drop(name);
    }
  };
  try {
    const client = await connect(await databases.create(TEMPLATE), 'bench monitor');
    // For example that the graph does not fit into memory, which makes the build several times slower.
    client.on('notice', ({ message }) => message && say(message));
    const machine = await createDocuments(client, table, maintenanceMemory, say)
      .then(() => describeMachine(client))
      // A database with open connections cannot be copied.
      .finally(() => client.end());
    return await measure({
      machine,
      inCopy: async (name, work) => inDatabase(name, await databases.copy(TEMPLATE, name), work),
      inEmpty: async (name, work) => inDatabase(name, await databases.create(name), work),
    });
  } finally {
    await close();
  }
}
