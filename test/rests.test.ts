import test from 'ava';
import { createRests } from '../src/throttle/rests.ts';

test('workers whose clocks differ rest at the same moments', (t) => {
  const [one, other] = [createRests(() => 1_000_000), createRests(() => 5_000_123)];
  for (const now of [0, 70, 149, 151, 1000, 1999, 2001, 123_456_789]) {
    one.set(now, 150);
    other.set(now, 150);
    t.is(one.left, other.left);
    t.is(one.untilNext, other.untilNext);
  }
});

test('a rest of 1.5 s begins every 20 s', (t) => {
  const rests = createRests(() => 0);
  for (const [now, left, untilNext] of [
    [0, 1500, 0],
    [1000, 500, 0],
    [1500, 0, 18_500],
    [15_000, 0, 5000],
    [20_000, 1500, 0],
  ] as const) {
    rests.set(now, 1500);
    t.deepEqual([rests.left, rests.untilNext], [left, untilNext], `${now} ms`);
  }
});

test('a longer rest comes less often', (t) => {
  const rests = createRests(() => 0);
  rests.set(25_000, 3000);
  t.deepEqual([rests.left, rests.untilNext], [0, 15_000]);
});
