const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const INTERRUPTED = 130;

/** Undone in the reverse order. */
const registered: (() => Promise<void>)[] = [];
let isEnding = false;

/**
 * Registers what a tool has to undo also when a signal ends it, such as a database or a role that it makes. To be called before that is made.
 *
 * @returns undoes it, once
 * @throws if a signal is ending the process
 */
export function undoneAtSignal(undo: () => Promise<unknown>): () => Promise<void> {
  if (isEnding) throw new Error('ended by a signal');
  let undone: Promise<void> | undefined;
  const once = () => {
    undone ??= undo().then(() => forget(once));
    return undone;
  };
  if (registered.length === 0) for (const signal of SIGNALS) process.on(signal, end);
  registered.push(once);
  return once;
}

function forget(undo: () => Promise<void>): void {
  registered.splice(registered.indexOf(undo), 1);
  if (registered.length === 0 && !isEnding) for (const signal of SIGNALS) process.off(signal, end);
}

/** A second signal changes nothing. */
async function end(signal: NodeJS.Signals): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  process.stderr.write(`${signal}: removing what was made\n`);
  // What is still under way fails now, and that is not reported.
  for (const failure of ['unhandledRejection', 'uncaughtException']) process.on(failure, () => {});
  for (const undo of [...registered].reverse()) await undo().catch((error: Error) => process.stderr.write(`${error.message}\n`));
  process.exit(INTERRUPTED);
}
