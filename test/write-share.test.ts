import test from 'ava';
import { createWriteShare } from '../src/throttle/write-share.ts';

/** The share after so many checks that all found the same. */
function check(share: ReturnType<typeof createWriteShare>, times: number, areReadsSlow: boolean): number {
  for (let i = 0; i < times; i++) share.adjust(areReadsSlow);
  return share.value;
}

test('the share starts at a quarter and doubles until searches are slow', (t) => {
  const share = createWriteShare();
  t.is(share.value, 0.25);
  t.is(check(share, 1, false), 0.5);
  t.is(check(share, 1, false), 1);
  t.is(check(share, 1, true), 0.5);
  t.true(check(share, 1, false) < 0.7);
});

test('the first slow searches halve the share, and those from before the cut do not halve it again', (t) => {
  const share = createWriteShare();
  t.is(check(share, 1, true), 0.125);
  t.is(check(share, 5, true), 0.125);
  t.is(check(share, 1, true), 0.0625);
});

test('the share never falls to zero', (t) => {
  const share = createWriteShare();
  t.true(check(share, 1000, true) > 0);
});

test('the share grows more slowly near the value that was too high', (t) => {
  const wary = createWriteShare();
  check(wary, 1, true);
  const beforeGrowth = check(wary, 5, true);
  const first = check(wary, 1, false) / beforeGrowth;
  const second = check(wary, 1, false) / (first * beforeGrowth);
  t.true(second < first, `${second} after ${first}`);
});
