import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { say } from '../src/commands/print.ts';
import { readConfig } from '../src/config.ts';

/** What a measurement found: for programs, and for people. */
export interface Measured {
  figures: object;
  text: string;
}

/**
 * Runs a measurement as a command, with the options that each has: its figures as JSON, on stdout or in a file.
 *
 * @param command name, description, arguments and options of its own
 * @param measure receives the options, then the arguments
 * @param out default file of the figures; none is written without one
 */
export async function runBench<Options extends object, Arguments extends unknown[] = []>(
  command: Command,
  measure: (options: Options, ...given: Arguments) => Promise<Measured>,
  out?: string,
): Promise<void> {
  command
    .option('--json', 'print the figures as JSON')
    .option('--out <file>', 'write the figures as JSON to a file', out)
    .action(async () => {
      const { json, out: file, ...options } = command.opts<Options & { json?: boolean; out?: string }>();
      const { figures, text } = await measure(options as unknown as Options, ...(command.processedArgs as Arguments));
      process.stdout.write(`${json ? JSON.stringify(figures) : text}\n`);
      if (file === undefined) return;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
      say(file);
    });
  try {
    await command.parseAsync();
  } catch (error) {
    say(`${command.name()}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

/**
 * URL of the server on which a measurement makes its databases.
 *
 * @throws without DATABASE_URL
 */
export function benchServer(): string {
  const { databaseUrl } = readConfig();
  if (!databaseUrl)
    throw new Error('set DATABASE_URL: nothing can be measured beside the embedded database, a single process with one session');
  return databaseUrl;
}

/** Adds the setting of a measurement to its figures and its text. */
export function withSetting(options: object, figures: object, text: string): Measured {
  const setting = { ...options, node: process.version, cores: cpus().length, load: loadavg()[0] };
  return { figures: { ...setting, ...figures }, text: `${text}\n${JSON.stringify(setting)}` };
}

/** A table as text, without colours. */
export function tableText(head: string[], rows: readonly (string | number)[][]): string {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
