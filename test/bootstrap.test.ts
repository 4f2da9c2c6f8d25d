import test from 'ava';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { bootstrapMeans, RESAMPLES } from '../src/validation/metrics/bootstrap.ts';

/** Values about 0.3, as if drawn from a bell curve. */
function bell(size: number, seed: number): number[] {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformInt(generator, 0, 1_000_000) / 1_000_000;
  return Array.from({ length: size }, () => 0.3 + Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6) / 10);
}

test('the interval of a mean is the one that theory gives: 1.96 standard errors to either side', (t) => {
  const values = bell(400, 7);
  const mean = values.reduce((sum, value) => sum + value, 0) / 400;
  const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 400 / 400);
  const [interval] = bootstrapMeans([values], 1);
  t.true(Math.abs((interval?.value ?? 0) - mean) < 1e-12);
  t.true(Math.abs((interval?.low ?? 0) - (mean - 1.96 * error)) < 0.0005);
  t.true(Math.abs((interval?.high ?? 0) - (mean + 1.96 * error)) < 0.0005);
});

test('about 95 of 100 intervals hold the true mean', (t) => {
  const held = Array.from({ length: 100 }, (_, i) => bootstrapMeans([bell(60, i + 1)], i + 1)[0]).filter(
    (interval) => interval !== undefined && interval.low <= 0.3 && 0.3 <= interval.high,
  ).length;
  t.true(held >= 88 && held <= 100, String(held));
});

test('a difference that is the same for every query has no uncertainty, and metrics are drawn together', (t) => {
  const before = bell(50, 3);
  const [difference, twice, once] = bootstrapMeans([before.map(() => 0.25), before.map((value) => 2 * value), before], 1);
  t.deepEqual(difference, { value: 0.25, low: 0.25, high: 0.25 });
  t.true(Math.abs((twice?.low ?? 0) - 2 * (once?.low ?? 0)) < 1e-12);
});

test('the same seed gives the same interval, and another seed another interval', (t) => {
  const values = bell(30, 5);
  t.deepEqual(bootstrapMeans([values], 11), bootstrapMeans([values], 11));
  t.notDeepEqual(bootstrapMeans([values], 11), bootstrapMeans([values], 12));
});

test('without queries there is no interval, and with one query the interval has no width', (t) => {
  t.deepEqual(bootstrapMeans([[]], 1), []);
  t.deepEqual(bootstrapMeans([[0.5]], 1), [{ value: 0.5, low: 0.5, high: 0.5 }]);
});

test('ten thousand resamples of three metrics over 300 queries take less than a second of CPU', (t) => {
  t.is(RESAMPLES, 10_000);
  const before = process.cpuUsage();
  bootstrapMeans([bell(300, 1), bell(300, 2), bell(300, 3)], 1);
  const { user } = process.cpuUsage(before);
  t.true(user < 1_000_000, `${user} µs`);
});
