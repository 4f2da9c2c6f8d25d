import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawRecording } from './svg.ts';
import { type Line, recordLines } from './terminal.ts';

// Runs the demo in a terminal and writes what it prints to docs/demo.svg, for the README: npm run docs:recording, with options of the demo.
const COLUMNS = 110;
const OPTIONS = process.argv.slice(2);
const COMMAND = ['npm run demo', ...(OPTIONS.length > 0 ? ['--', ...OPTIONS] : [])].join(' ');
const FILE = fileURLToPath(new URL('../../docs/demo.svg', import.meta.url));

const typed: Line = {
  at: 0,
  pieces: [
    { text: '$ ', styles: [2] },
    { text: COMMAND, styles: [1] },
  ],
};
const printed = await recordLines(COMMAND.replace('run', 'run --silent'), COLUMNS);
writeFileSync(FILE, drawRecording(COMMAND, [typed, ...printed]));
process.stdout.write(`${FILE}: ${printed.length} lines\n`);
