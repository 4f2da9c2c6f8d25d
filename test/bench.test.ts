import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Letter } from '../bench/backfill/contender.ts';
import { type BenchOptions, type BenchResult, type Comparable, type Figures, ratiosTo } from '../bench/backfill/figures.ts';
import { startOpenLoop } from '../bench/backfill/open-loop.ts';
import { compareBackfills } from '../bench/backfill/run.ts';
import { createVectorSpace } from '../bench/backfill/vectors.ts';
import { percentiles } from '../bench/live/latencies.ts';
import { runLiveBench } from '../bench/live/run.ts';
import { drawPlots } from '../bench/plots/draw.ts';
import { runWorkersBench } from '../bench/workers/run.ts';

// The short form of `npm run bench`. Its contenders are processes beside a server; the embedded database has one session only.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const OPTIONS: BenchOptions = {
  table: { rows: 400, dimensions: 16, characters: 900, m: 16, efConstruction: 64, seed: 7, autovacuum: false },
  contenders: ['a', 'b', 'c', 'd', 'e'],
  readsPerSecond: 0,
  writesPerSecond: 0,
  idleSeconds: 1,
  latency: 0,
  provider: 'http',
  settings: [],
  environment: [],
  maintenanceMemory: 64,
  procedure: false,
  keep: false,
};

function bench(options: Partial<BenchOptions>): Promise<BenchResult> {
  return compareBackfills(process.env.TEST_DATABASE_URL ?? '', { ...OPTIONS, ...options }, { say() {}, rows() {} });
}

testOnServer?.('a short bench fills every row by every contender and compares them', async (t) => {
  t.timeout(240_000);
  const { contenders, absent } = await bench({});
  t.deepEqual([...contenders.map(({ contender }) => contender), ...absent.map(({ contender }) => contender)].sort(), OPTIONS.contenders);
  const of = (letter: Letter) => contenders.find(({ contender }) => contender === letter) as Figures;
  for (const figures of contenders) {
    const { contender, seconds, hotShare, ratios } = figures;
    t.true(seconds > 0 && Math.abs(figures.rowsPerSecond * seconds - OPTIONS.table.rows) < 1e-6, contender);
    t.true(figures.comparedRows > 100, contender);
    t.true(figures.clientCpuMicrosecondsPerRow > 0 && figures.peakMemoryBytes > 20_000_000, contender);
    // A vector of 16 dimensions has 64 bytes, in the log as in the table.
    t.true(figures.walBytesPerRow > 64 && figures.growthBytesPerRow > 64, contender);
    t.true(hotShare === null || (hotShare >= 0 && hotShare <= 1), contender);
    t.is(ratios.toRowByRow?.rowsPerSecond, figures.rowsPerSecond / of('a').rowsPerSecond, contender);
    t.is(ratios.toFloor?.walBytesPerRow, figures.walBytesPerRow / of('e').walBytesPerRow, contender);
    t.is(figures.outdatedRows, 0, contender);
    t.is(figures.during, null, contender);
  }
  for (const letter of ['a', 'b'] as const) t.is(of(letter).updates, OPTIONS.table.rows, letter);
  t.true(of('c').updates >= OPTIONS.table.rows && of('c').growth.bookkeeping > 0);
  t.is(of('e').updates, 0);
  t.is(of('e').hotShare, null);
  t.true(of('e').growth.heap === 0 && (of('e').growth.vectorTable?.heap ?? 0) > 64 * OPTIONS.table.rows);
  t.true((of('c').more.providerTexts ?? 0) >= OPTIONS.table.rows);
});

testOnServer?.('beside an application the bench counts what a script leaves outdated, and the toolkit leaves nothing', async (t) => {
  t.timeout(240_000);
  const { contenders } = await bench({
    contenders: ['c', 'e'],
    provider: 'in-process',
    readsPerSecond: 40,
    writesPerSecond: 40,
    idleSeconds: 2,
  });
  for (const { contender, idle, during } of contenders) {
    t.is(idle?.reads.failed, 0, contender);
    t.is(during?.writes.failed, 0, contender);
    t.true((idle?.reads.count ?? 0) >= 40 && (idle?.writes.count ?? 0) >= 40, contender);
    t.true((idle?.reads.p50 ?? 0) > 0 && (idle?.reads.p50 ?? 0) <= (idle?.reads.p99 ?? 0), contender);
  }
  const [ours, floor] = contenders;
  t.is(ours?.outdatedRows, 0);
  t.true((floor?.outdatedRows ?? 0) > 10);
});

testOnServer?.('the procedure of a short bench ends at the switch and is compared with load and index alone', async (t) => {
  t.timeout(240_000);
  const { procedure, contenders } = await bench({ procedure: true, contenders: ['c'] });
  t.deepEqual(contenders, []);
  const total = (steps: { seconds: number }[] = []) => steps.reduce((sum, { seconds }) => sum + seconds, 0);
  t.deepEqual(
    procedure?.floor.map(({ step }) => step),
    ['load', 'index'],
  );
  t.is(procedure?.procedures.length, 1);
  t.is(procedure?.procedures[0]?.ratioToFloor, total(procedure?.procedures[0]?.steps) / total(procedure?.floor));
});

// Alone, because a test that keeps this process busy would make every operation late.
test.serial('an operation that has to wait for a client is late by that, though it is quick itself', async (t) => {
  const slow = async () => void (await sleep(40));
  const crowded = startOpenLoop(100, [slow]);
  await sleep(400);
  const one = await crowded.stop();
  t.true(one.count >= 30, `${one.count} operations`);
  t.true(one.highest > 400, `${one.highest} ms`);
  const spacious = startOpenLoop(100, Array(20).fill(slow));
  await sleep(400);
  t.true((await spacious.stop()).p50 < 100);
});

test.serial('an operation that fails is counted and leaves its client to the next one', async (t) => {
  let calls = 0;
  const loop = startOpenLoop(100, [
    async () => {
      calls += 1;
      if (calls % 2 === 0) throw new Error('refused');
    },
  ]);
  await sleep(300);
  const { count, failed } = await loop.stop();
  t.true(failed > 5 && Math.abs(count - failed) <= 1, `${count} good, ${failed} failed`);
});

test('a vector has the same numbers in every form, and every text has a different vector', (t) => {
  for (const dimensions of [1, 16, 768, 1000]) {
    const space = createVectorSpace('model', dimensions, 7);
    const floats = space.floats(5, 3);
    t.is(floats.length, dimensions);
    const isSame = (numbers: number[]) =>
      numbers.length === dimensions && floats.every((float, i) => float === Math.fround(numbers[i] ?? 0));
    t.true(isSame(space.numbers(5, 3)));
    t.true(isSame(JSON.parse(space.json(5, 3))));
    t.is(space.base64(5, 3), Buffer.from(floats.buffer).toString('base64'));
    const wire = Buffer.alloc(4 * dimensions + 1);
    t.is(space.copyTo(wire, 1, 5, 3), wire.length);
    t.true(isSame(Array.from(floats, (_, i) => wire.readFloatBE(1 + 4 * i))));
  }
  const space = createVectorSpace('model', 768, 7);
  t.is(createVectorSpace('model', 768, 7).json(1, 0), space.json(1, 0));
  t.not(createVectorSpace('other', 768, 7).json(1, 0), space.json(1, 0));
  t.is(new Set(Array.from({ length: 5000 }, (_, i) => space.base64(i, i % 3))).size, 5000);
});

test('a ratio divides a figure by that of the other contender, and is absent where one is unknown', (t) => {
  const base: Comparable = {
    rowsPerSecond: 100,
    clientCpuMicrosecondsPerRow: 50,
    serverCpuMicrosecondsPerRow: null,
    walBytesPerRow: 1000,
    growthBytesPerRow: 0,
    peakMemoryBytes: 10,
  };
  const ratios = ratiosTo({ ...base, rowsPerSecond: 250, serverCpuMicrosecondsPerRow: 4, walBytesPerRow: 500 }, base);
  t.is(ratios.rowsPerSecond, 2.5);
  t.is(ratios.walBytesPerRow, 0.5);
  t.is(ratios.serverCpuMicrosecondsPerRow, null);
  t.is(ratios.growthBytesPerRow, null);
});

test('plots take their letters from the page and name every contender', async (t) => {
  const latency = { count: 9, failed: 0, p50: 1, p95: 2, p99: 3, highest: 4 };
  const figures = { rowsPerSecond: 10, walBytesPerRow: 20, ratios: { toRowByRow: null, toFloor: null } };
  const live = { idle: { reads: latency, writes: latency }, during: { reads: latency, writes: latency } };
  const result = {
    options: { table: OPTIONS.table },
    contenders: [
      { ...figures, ...live, contender: 'a', title: 'by hand' },
      { ...figures, ...live, contender: 'c', title: 'the toolkit' },
    ],
    procedure: {
      floor: [{ step: 'load', seconds: 1 }],
      procedures: [{ contender: 'c', title: 'the toolkit', steps: [], ratioToFloor: 2 }],
    },
  } as unknown as BenchResult;
  const plots = await drawPlots([result]);
  t.deepEqual(
    plots.map(({ name }) => name),
    ['rows-per-second', 'wal', 'latency', 'procedure'],
  );
  for (const { name, svg } of plots) {
    t.regex(svg, /^<svg [^>]*><style>.*prefers-color-scheme:dark/, name);
    t.notRegex(svg, /fill="(#000|black|#fff|white)"/, name);
  }
  for (const { svg } of plots.slice(0, 3)) t.true(svg.includes('by hand') && svg.includes('the toolkit'));
});

testOnServer?.(
  'a short live bench samples searches and writes beside the backfill and beside idle periods, in both storages',
  async (t) => {
    t.timeout(240_000);
    const { storages } = await runLiveBench(
      process.env.TEST_DATABASE_URL ?? '',
      {
        table: { ...OPTIONS.table, rows: 600 },
        storages: ['column', 'side-table'],
        ...{ samples: 10, seconds: 1, readsPerSecond: 20, writesPerSecond: 20 },
        conditions: ['idle', 'backfill'],
        settings: [],
        bridge: false,
        maintenanceMemory: 64,
      },
      () => {},
    );
    t.deepEqual(
      storages.map(({ storage }) => storage),
      ['column', 'side-table'],
    );
    for (const { storage, figures } of storages) {
      const [idle, beside] = figures;
      t.is(idle?.rowsPerSecond, 0, storage);
      t.true((beside?.rowsPerSecond ?? 0) > 0, storage);
      for (const one of figures) {
        t.true(one.reads.samples >= 10 && one.writes.samples >= 10, storage);
        t.true((one.reads.p50 ?? 0) > 0 && (one.reads.p50 ?? 0) <= (one.reads.p99 ?? 0), storage);
      }
    }
  },
);

testOnServer?.('a short bench of two workers counts what they send against a limited provider, and no row is embedded twice', async (t) => {
  t.timeout(240_000);
  const { figures } = await runWorkersBench(
    process.env.TEST_DATABASE_URL ?? '',
    {
      table: { ...OPTIONS.table, rows: 1200 },
      storages: ['side-table'],
      ...{ limits: ['provider'], workers: [2], latency: 20, requestsPerMinute: 300, settings: [], environment: [] },
      maintenanceMemory: 64,
    },
    () => {},
  );
  t.is(figures.length, 1);
  const [one] = figures;
  t.like(one, { workers: 2, repeatedTexts: 0, timesOneWorker: null });
  t.is(one?.attempts, one?.batches);
  t.true((one?.requests ?? 0) >= 10 && (one?.refusedRequests ?? 0) > 0);
  // Ten requests, of which the first five are the burst of a second.
  t.true((one?.seconds ?? 0) > 0.9 && (one?.busyShare ?? 0) > 0 && (one?.busyShare ?? 2) <= 1);
});

test('percentiles are those of the nearest rank', (t) => {
  const samples = Array.from({ length: 200 }, (_, i) => (200 - i) * 1000);
  t.deepEqual(percentiles(samples), { samples: 200, p50: 100, p95: 190, p99: 198, highest: 200 });
  t.deepEqual(percentiles([]), { samples: 0, p50: null, p95: null, p99: null, highest: null });
});
