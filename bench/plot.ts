import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { say } from '../src/commands/print.ts';
import type { BenchResult } from './backfill/figures.ts';
import { drawPlots } from './plots/draw.ts';

const program = new Command('bench:plot')
  .description('Draws the results of npm run bench as SVG files for light and dark pages.')
  .argument('<files...>', 'results that were written with --out; one per table size')
  .option('--out <folder>', 'folder of the SVG files', 'docs/bench')
  .action(plot);

try {
  await program.parseAsync();
} catch (error) {
  say(`bench:plot: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function plot(files: string[], { out }: { out: string }): Promise<void> {
  const results = files.map((file) => {
    const result = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
    if (!result.options?.table || !Array.isArray(result.contenders)) throw new Error(`${basename(file)} is not a result of npm run bench`);
    return result;
  });
  mkdirSync(out, { recursive: true });
  for (const { name, svg } of await drawPlots(results)) {
    const path = join(out, `${name}.svg`);
    writeFileSync(path, svg);
    say(path);
  }
}
