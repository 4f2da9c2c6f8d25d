import test from 'ava';
import { createWriteShare } from '../src/throttle/write-share.ts';

/** The share after so many checks, a second apart, that all found the same. */
function check(share: ReturnType<typeof createWriteShare>, times: number, areReadsSlow: boolean, largest = 1): number {
  for (let i = 0; i < times; i++) share.adjust(areReadsSlow, 1, largest);
  return share.value;
}

test('the share starts at a tenth and doubles every ten seconds until searches are slow', (t) => {
  const share = createWriteShare();
  t.is(share.value, 0.1);
  t.is(check(share, 10, false).toFixed(3), '0.200');
  t.is(check(share, 10, false).toFixed(3), '0.400');
  t.is(check(share, 1, true).toFixed(3), '0.200');
  t.true(check(share, 10, false) < 0.27);
});

test('the first slow searches halve the share, and those from before the cut do not halve it again', (t) => {
  const share = createWriteShare();
  t.is(check(share, 1, true), 0.05);
  t.is(check(share, 10, true), 0.05);
  t.is(check(share, 1, true), 0.025);
});

test('the share never exceeds the largest one, however long searches stay fast', (t) => {
  const share = createWriteShare();
  t.is(check(share, 100, false, 0.15).toFixed(3), '0.150');
  t.is(check(share, 100, false, 0.25).toFixed(3), '0.250');
});

test('a smaller limit takes effect at the next check', (t) => {
  const share = createWriteShare();
  check(share, 100, false, 0.25);
  t.is(check(share, 1, false, 0.15).toFixed(3), '0.150');
});

test('the share never falls to zero', (t) => {
  const share = createWriteShare();
  t.true(check(share, 1000, true) > 0);
});

test('the share grows more slowly near the value that was too high', (t) => {
  const wary = createWriteShare();
  check(wary, 1, true);
  const beforeGrowth = wary.value;
  const first = check(wary, 1, false) / beforeGrowth;
  const before = wary.value;
  const second = check(wary, 1, false) / before;
  t.true(second < first, `${second} after ${first}`);
});

test('a check after a long pause lets the share grow as much as several checks in that time', (t) => {
  const often = createWriteShare();
  const seldom = createWriteShare();
  seldom.adjust(false, 5, 1);
  t.is(seldom.value.toFixed(6), check(often, 5, false).toFixed(6));
});
