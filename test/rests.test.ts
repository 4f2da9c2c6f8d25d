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

test('a rest of 150 ms begins every two seconds', (t) => {
  const rests = createRests(() => 0);
  for (const [now, left, untilNext] of [
    [0, 150, 0],
    [100, 50, 0],
    [150, 0, 1850],
    [1500, 0, 500],
    [2000, 150, 0],
  ] as const) {
    rests.set(now, 150);
    t.deepEqual([rests.left, rests.untilNext], [left, untilNext], `${now} ms`);
  }
});

test('a longer rest comes less often', (t) => {
  const rests = createRests(() => 0);
  rests.set(20_000, 3000);
  t.deepEqual([rests.left, rests.untilNext], [0, 20_000]);
});
