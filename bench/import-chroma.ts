import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fillCollection, startChroma, type TestRecord } from '../test/harness/chroma.ts';
import { createTestDatabase } from '../test/harness/database.ts';
import { vectorOf } from '../test/harness/provider.ts';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';

// Fills a real Chroma server with records of 384 dimensions, imports them, and prints seconds, memory and checksums as JSON.
// npm run bench:import -- RECORDS, with TEST_DATABASE_URL and TEST_CHROMA as the tests take them.
const DIMENSIONS = 384;
const WORDS = 'every chunk of a document has about this many words and stands for a paragraph of a manual';

const records = Number(process.argv[2] ?? 50_000);
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
  console.log(JSON.stringify({ records, written, equal: after.equal, isEqual, seconds, mostMemoryMb: Math.round(mostMemory / 2 ** 20) }));
} finally {
  await close();
}

function recordOf(i: number): TestRecord {
  const document = `${i}: ${`${WORDS} `.repeat(5)}`;
  return {
    id: `chunk-${i}`,
    document,
    metadata: { source: `manual-${i % 100}.pdf`, page: i % 300 },
    vector: vectorOf('minilm', document, DIMENSIONS),
  };
}
