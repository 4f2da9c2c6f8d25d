import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { fillCollection, startChroma, type TestRecord } from '../test/harness/chroma.ts';
import { createTestDatabase } from '../test/harness/database.ts';
import { vectorOf } from '../test/harness/provider.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';
import { runBench, withSetting } from './bench-command.ts';

const DIMENSIONS = 384;
const WORDS = 'every chunk of a document has about this many words and stands for a paragraph of a manual';

const command = new Command('bench:import')
  .description(
    `Fills a real Chroma server with records of ${DIMENSIONS} dimensions, imports them, and prints seconds, memory and checksums. ` +
      'TEST_DATABASE_URL and TEST_CHROMA are those of the tests.',
  )
  .argument('[records]', 'records of the collection', wholeNumber, 50_000);

await runBench(command, async (_options: object, records: number) => {
  const server = process.env.TEST_CHROMA;
  if (!server || !process.env.TEST_DATABASE_URL) throw new Error('set TEST_CHROMA and TEST_DATABASE_URL');
  const chroma = await startChroma(server);
  const db = await createTestDatabase();
  const close = undoneAtSignal(async () => {
    await db.close();
    await chroma.close();
  });
  try {
    await fillCollection(
      chroma,
      'chunks',
      Array.from({ length: records }, (_, i) => recordOf(i)),
    );
    const args = ['src/cli.ts', 'import', chroma.address('chunks'), '--table', 'chunks', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...db.env }, maxBuffer: 10 ** 8 });
    const { written, after, seconds, mostMemory } = JSON.parse(stdout);
    const isEqual = after.checksum.collection === after.checksum.table;
    const figures = { written, equal: after.equal, isEqual, seconds, mostMemoryMb: Math.round(mostMemory / 2 ** 20) };
    return withSetting({ records }, figures, JSON.stringify(figures));
  } finally {
    await close();
  }
});

function recordOf(i: number): TestRecord {
  const document = `${i}: ${`${WORDS} `.repeat(5)}`;
  return {
    id: `chunk-${i}`,
    document,
    metadata: { source: `manual-${i % 100}.pdf`, page: i % 300 },
    vector: vectorOf('minilm', document, DIMENSIONS),
  };
}
