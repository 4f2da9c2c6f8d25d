import test from 'ava';
import { createWriteShare } from '../src/throttle/write-share.ts';

/** The share after so many looks that all found the same. */
function look(share: ReturnType<typeof createWriteShare>, times: number, areReadsSlow: boolean): number {
  for (let i = 0; i < times; i++) share.adjust(areReadsSlow);
  return share.value;
}

test('where searches are not watched all of the time may be spent on writing', (t) => {
  const share = createWriteShare();
  t.is(look(share, 100, false), 1);
});

test('where they are watched it begins with a tenth and reaches all of the time within a quarter of a minute', (t) => {
  const share = createWriteShare();
  share.beginLow();
  t.is(share.value, 0.1);
  t.true(look(share, 5, false) < 0.3);
  t.is(look(share, 10, false), 1);
});

test('the first slow searches halve it, and those of before the cut do not halve it again', (t) => {
  const share = createWriteShare();
  t.is(look(share, 1, true), 0.5);
  t.is(look(share, 5, true), 0.5);
  t.is(look(share, 1, true), 0.25);
});

test('it never falls to nothing', (t) => {
  const share = createWriteShare();
  t.true(look(share, 1000, true) > 0);
});

test('it grows more slowly near the share that was too much', (t) => {
  const wary = createWriteShare();
  look(wary, 1, true);
  const beforeGrowth = look(wary, 5, true);
  const first = look(wary, 1, false) / beforeGrowth;
  const second = look(wary, 1, false) / (first * beforeGrowth);
  t.true(second < first, `${second} after ${first}`);
});
