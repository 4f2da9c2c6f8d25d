import { type Command, Option } from 'commander';
import { wholeNumber } from '../../src/commands/parse-option.ts';
import type { TableOptions } from './documents.ts';
import type { Storage } from './product.ts';

/** The options of the table that a measurement fills. */
export type TableChoice = Pick<TableOptions, 'rows' | 'dimensions' | 'characters' | 'seed'>;

/** Adds the options of the table, and of the toolkit's settings. */
export function withTable(command: Command, rows: number): Command {
  return command
    .option('--rows <n>', 'rows of the table', wholeNumber, rows)
    .option('--dimensions <n>', 'of the old and the new vectors', wholeNumber, 768)
    .option('--characters <n>', 'length of a text', wholeNumber, 900)
    .option('--seed <n>', 'seed of rows, vectors and writes', wholeNumber, 7)
    .option('--setting <name=value...>', 'of the toolkit, such as max_read_slowdown=1.3; nothing after = turns it off', []);
}

/** Adds the choice of the storage. */
export function withStorage(command: Command, byDefault: Storage | 'both'): Command {
  return command.addOption(
    new Option('--storage <where>', 'of the new vectors').choices(['column', 'side-table', 'both']).default(byDefault),
  );
}

/** The storages of --storage. */
export function storagesOf(choice: Storage | 'both'): Storage[] {
  return choice === 'both' ? ['column', 'side-table'] : [choice];
}

/** The table as it is filled unless its index and autovacuum are chosen. */
export function usualTable({ rows, dimensions, characters, seed }: TableChoice): TableOptions {
  return { rows, dimensions, characters, seed, m: 16, efConstruction: 64, autovacuum: true };
}
