import test from 'ava';
import { createWriteShare } from '../src/throttle/write-share.ts';

/** The share after so many checks that all found the same. */
function check(share: ReturnType<typeof createWriteShare>, times: number, areReadsSlow: boolean): number {
  for (let i = 0; i < times; i++) share.adjust(areReadsSlow);
  return share.value;
}

test('when searches are not measured, a worker may write all of the time', (t) => {
  const share = createWriteShare();
  t.is(check(share, 100, false), 1);
});

test('when searches are measured, the share starts at a tenth and reaches 1 within 15 seconds', (t) => {
  const share = createWriteShare();
  share.beginLow();
  t.is(share.value, 0.1);
  t.true(check(share, 5, false) < 0.3);
  t.is(check(share, 10, false), 1);
});

test('the first slow searches halve the share, and those from before the cut do not halve it again', (t) => {
  const share = createWriteShare();
  t.is(check(share, 1, true), 0.5);
  t.is(check(share, 5, true), 0.5);
  t.is(check(share, 1, true), 0.25);
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

test('searches that stay slow at the smallest share are noticed, once the share has been that small for some time', (t) => {
  const share = createWriteShare();
  let looks = 0;
  while (!share.isAtFloor) {
    share.adjust(true);
    looks += 1;
  }
  t.true(looks > 30 && looks < 60, `${looks} looks`);
  share.beginLow();
  t.false(share.isAtFloor);
});
