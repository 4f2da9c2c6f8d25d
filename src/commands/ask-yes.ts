import { createInterface } from 'node:readline/promises';
import { INTERRUPTED } from './interruption.ts';

/** Asks a person in the terminal. Whatever is not yes is no, the end of the input too; Ctrl-C ends the process, as everywhere. */
export async function askYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.once('SIGINT', () => process.exit(INTERRUPTED));
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([terminal.question(question), ended]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
