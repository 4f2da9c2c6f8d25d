import { undoneAtSignal } from '../../test/harness/undo-at-signal.ts';
import { byHandContender } from './by-hand.ts';
import type { Contender, Letter } from './contender.ts';
import { type Copies, onCopies } from './copies.ts';
import { addRatios, type BenchOptions, type BenchResult, type Figures } from './figures.ts';
import { measure, type Voice } from './measure.ts';
import { measureFloor, measureProcedure, type Procedure, procedureOf, type Travelled } from './procedure.ts';
import { openCampaign, productContender, storageOptions, titleOf } from './product.ts';

/** A contender that can be measured, with the storage options of `migrate create`. */
interface Present {
  letter: Letter;
  storage: string[];
}

/**
 * Prepares the table once and runs every contender on a copy of its own, one after another.
 *
 * @param server URL of a superuser, on a real server with extension vector
 */
export async function compareBackfills(server: string, options: BenchOptions, voice: Voice): Promise<BenchResult> {
  const absent: BenchResult['absent'] = [];
  const present: Present[] = [];
  for (const letter of options.contenders) {
    const storage = isOurs(letter) ? await storageOptions(letter === 'd' ? 'side-table' : 'column') : [];
    if (storage) present.push({ letter, storage });
    else absent.push({ contender: letter, reason: 'side-table storage is not available' });
  }
  for (const { contender, reason } of absent) voice.say(`${contender}: ${reason}`);

  return onCopies(server, options, voice.say, async (copies) => {
    const contenders: Figures[] = [];
    for (const one of options.procedure ? [] : present) contenders.push(await measureContender(copies, one, options, voice));
    addRatios(contenders);
    const procedure = options.procedure ? await measureProcedures(copies, present, options, voice) : null;
    return { machine: copies.machine, options, contenders, absent, procedure };
  });
}

function isOurs(letter: Letter): letter is 'c' | 'd' {
  return letter === 'c' || letter === 'd';
}

async function measureContender({ inCopy }: Copies, { letter, storage }: Present, options: BenchOptions, voice: Voice): Promise<Figures> {
  const contender: Contender = isOurs(letter) ? productContender(letter, storage, options) : byHandContender(letter);
  voice.say(`${letter}: ${contender.title}`);
  return inCopy(letter, (copy) =>
    whileOpen(contender, () => measure(contender, copy, options, { ...voice, say: (line) => voice.say(`${letter}: ${line}`) })),
  );
}

async function measureProcedures({ inCopy, inEmpty }: Copies, present: Present[], options: BenchOptions, voice: Voice): Promise<Procedure> {
  const procedures: Travelled[] = [];
  for (const { letter, storage } of present) {
    if (!isOurs(letter)) continue;
    voice.say(`${letter}: the whole procedure`);
    const steps = await inCopy(letter, async (copy) => {
      const campaign = await openCampaign(copy, options);
      return whileOpen(campaign, () => measureProcedure(campaign, copy, storage, options.maintenanceMemory));
    });
    procedures.push({ contender: letter, title: titleOf(letter), steps });
  }
  voice.say('the floor: load and index alone');
  const floor = await inEmpty('floor', (copy) => measureFloor(copy, options.maintenanceMemory));
  return procedureOf(floor, procedures);
}

async function whileOpen<T>(process: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  const close = undoneAtSignal(() => process.close());
  try {
    return await work();
  } finally {
    await close();
  }
}
