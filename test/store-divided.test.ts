import test from 'ava';
import { storeDivided } from '../src/worker/store-divided.ts';

/** Stores numbers in portions of `size` for as long as none of `bad` is among them. */
async function run(count: number, size: number, bad: number[], goOn = true) {
  const stored: number[] = [];
  const parked: number[] = [];
  let statements = 0;
  let ends = 0;
  await storeDivided(
    Array.from({ length: count }, (_, i) => i),
    {
      portionOf: (rest) => rest.slice(0, size),
      isRefused: async (error) => (error as Error).message === 'refused',
      async store(some, isLast) {
        statements += 1;
        if (some.some((item) => bad.includes(item))) throw new Error('refused');
        stored.push(...some);
        if (isLast) ends += 1;
      },
      async park(item) {
        parked.push(item);
        return goOn;
      },
    },
  );
  return { stored, parked, statements, ends };
}

const others = (count: number, bad: number[]) => Array.from({ length: count }, (_, i) => i).filter((item) => !bad.includes(item));

for (const bad of [[], [0], [255], [511], [100, 101], [0, 511], [3, 200, 400], Array.from({ length: 16 }, (_, i) => i * 32)]) {
  test(`rows ${bad.join() || 'none'} of 512 are found in few statements, and the others are stored in order`, async (t) => {
    const { stored, parked, statements, ends } = await run(512, 128, bad);
    t.deepEqual(stored, others(512, bad));
    t.deepEqual(parked, bad);
    t.is(ends, 1, 'the last portion is stored exactly once');
    // 128 is halved seven times, each a statement that fails and one that passes, and the portion that follows.
    t.true(statements <= 4 + bad.length * (2 * 7 + 2), `${statements} statements`);
  });
}

test('every row is refused: each is recorded, and the end is stored', async (t) => {
  const all = others(10, []);
  const { stored, parked, ends } = await run(10, 4, all);
  t.deepEqual([stored, parked, ends], [[], all, 1]);
});

test('a row that is refused only once, as beside a DDL, is stored and not recorded', async (t) => {
  const stored: number[] = [];
  let refusals = 0;
  await storeDivided([1, 2, 3], {
    portionOf: (rest) => rest.slice(0, 1),
    isRefused: async () => true,
    async store(some) {
      if (some[0] === 2 && refusals++ === 0) throw new Error('could not open relation');
      stored.push(...some);
    },
    park: async (item) => t.fail(`${item} is recorded`),
  });
  t.deepEqual(stored, [1, 2, 3]);
});

test('no rows: the end is stored', async (t) => {
  t.is((await run(0, 4, [])).ends, 1);
});

test('the work stops when recording a row says so, and the end is not stored', async (t) => {
  const { stored, parked, ends } = await run(100, 10, [15, 40], false);
  t.deepEqual([stored.at(-1), parked, ends], [14, [15], 0]);
});

test('an error that is not of a row is passed on', async (t) => {
  const failing = storeDivided([1, 2], {
    portionOf: (rest) => rest,
    isRefused: async () => false,
    store: () => Promise.reject(new Error('connection lost')),
    park: async () => true,
  });
  await t.throwsAsync(failing, { message: 'connection lost' });
});
