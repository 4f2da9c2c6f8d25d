import { byHandContender } from './by-hand.ts';
import type { Contender, Copy, Letter } from './contender.ts';
import { type BenchDatabases, connect, createBenchDatabases } from './databases.ts';
import { createDocuments } from './documents.ts';
import { addRatios, type BenchOptions, type BenchResult, type Figures } from './figures.ts';
import { describeMachine, type Machine } from './machine.ts';
import { measure, type Voice } from './measure.ts';
import { measureFloor, measureProcedure, type Procedure, procedureOf, type Travelled } from './procedure.ts';
import { openCampaign, productContender, storageOptions, titleOf } from './product.ts';

/** A started run. */
export interface BenchRun {
  result: Promise<BenchResult>;
  /** ends its processes and drops its databases, even during the run; returns the names of databases that are kept */
  close(): Promise<string[]>;
}

/** State shared by all parts of a run. */
interface Run {
  options: BenchOptions;
  databases: BenchDatabases;
  voice: Voice;
  /** everything that currently has processes of its own */
  open: Set<{ close(): Promise<void> }>;
}

const TEMPLATE = 'template';

/**
 * Prepares the table once and runs every contender on a copy of its own, one after another.
 *
 * @param server URL of a superuser, on a real server with extension vector
 */
export function startBench(server: string, options: BenchOptions, voice: Voice): BenchRun {
  const run: Run = { options, voice, databases: createBenchDatabases(server), open: new Set() };
  return {
    result: runAll(run),
    async close() {
      for (const process of run.open) await process.close();
      return run.databases.close(options.keep);
    },
  };
}

async function runAll(run: Run): Promise<BenchResult> {
  const { options } = run;
  const absent: BenchResult['absent'] = [];
  const present: { letter: Letter; storage: string[] }[] = [];
  for (const letter of options.contenders) {
    const storage = isOurs(letter) ? await storageOptions(letter === 'd' ? 'side-table' : 'column') : [];
    if (storage) present.push({ letter, storage });
    else absent.push({ contender: letter, reason: 'side-table storage is not available' });
  }
  for (const { contender, reason } of absent) run.voice.say(`${contender}: ${reason}`);

  const machine = await prepareTemplate(run);
  const contenders: Figures[] = [];
  for (const { letter, storage } of options.procedure ? [] : present) contenders.push(await measureContender(run, letter, storage));
  addRatios(contenders);
  const procedure = options.procedure ? await measureProcedures(run, present) : null;
  return { machine, options, contenders, absent, procedure };
}

async function prepareTemplate({ databases, options, voice }: Run): Promise<Machine> {
  const client = await connect(await databases.create(TEMPLATE), 'bench monitor');
  // For example that the graph does not fit into memory, which makes the build several times slower.
  client.on('notice', ({ message }) => message && voice.say(message));
  try {
    await createDocuments(client, options.table, options.maintenanceMemory, voice.say);
    return await describeMachine(client);
  } finally {
    // A database with open connections cannot be copied.
    await client.end();
  }
}

function isOurs(letter: Letter): letter is 'c' | 'd' {
  return letter === 'c' || letter === 'd';
}

async function measureContender(run: Run, letter: Letter, storage: string[]): Promise<Figures> {
  const { options, voice } = run;
  const contender: Contender = isOurs(letter) ? productContender(letter, storage, options) : byHandContender(letter);
  voice.say(`${letter}: ${contender.title}`);
  return inCopy(run, letter, (copy) =>
    whileOpen(run, contender, () => measure(contender, copy, options, { ...voice, say: (line) => voice.say(`${letter}: ${line}`) })),
  );
}

async function measureProcedures(run: Run, present: { letter: Letter; storage: string[] }[]): Promise<Procedure> {
  const { databases, options, voice } = run;
  const procedures: Travelled[] = [];
  for (const { letter, storage } of present) {
    if (!isOurs(letter)) continue;
    voice.say(`${letter}: the whole procedure`);
    const steps = await inCopy(run, letter, async (copy) => {
      const campaign = await openCampaign(copy, options);
      return whileOpen(run, campaign, () => measureProcedure(campaign, copy, storage, options.maintenanceMemory));
    });
    procedures.push({ contender: letter, title: titleOf(letter), steps });
  }
  voice.say('the floor: load and index alone');
  const floor = await inDatabase(run, 'floor', await databases.create('floor'), (copy) => measureFloor(copy, options.maintenanceMemory));
  return procedureOf(floor, procedures);
}

async function inCopy<T>(run: Run, name: string, work: (copy: Copy) => Promise<T>): Promise<T> {
  return inDatabase(run, name, await run.databases.copy(TEMPLATE, name), work);
}

async function inDatabase<T>({ databases, options }: Run, name: string, url: string, work: (copy: Copy) => Promise<T>): Promise<T> {
  const client = await connect(url, 'bench monitor');
  try {
    return await work({ url, client, table: options.table });
  } finally {
    await client.end();
    if (!options.keep) await databases.drop(name);
  }
}

async function whileOpen<T>(run: Run, process: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  run.open.add(process);
  try {
    return await work();
  } finally {
    await process.close();
    run.open.delete(process);
  }
}
