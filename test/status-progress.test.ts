import { PassThrough } from 'node:stream';
import test from 'ava';
import { createProgressBar, currentCampaigns, type ProgressRow, progressLine } from '../src/commands/show-progress.ts';
import { formatUsd } from '../src/wording.ts';

const row: ProgressRow = {
  target: 'public.documents.embedding',
  campaign: 'first',
  phase: 'backfill',
  from_model: 'old',
  to_model: 'new',
  read_model: 'old',
  total: 20_000,
  done: 5000,
  stored: 5000,
  percent: 25,
  outdated: 3,
  failed: 2,
  rows_per_second: 812.5,
  eta_seconds: 18,
  tokens: 120_000,
  tokens_expected: 480_000,
  cost_usd: 0.0024,
  cost_usd_expected: 0.0096,
  live_rows: 7,
  throttled_by: 'paused: night shift',
  workers: 2,
  phase_entered_at: new Date(0),
  switched_at: null,
  rows_at_batch_api: 0,
  table_rows: null,
  rows_with_text: null,
  max_tokens: null,
  max_usd: null,
  spent_tokens: null,
  spent_usd: null,
};

// As in the window of a person: where these tests run, CI may be set, or no TERM.
Object.assign(process.env, { TERM: 'xterm', CI: '' });

function capture(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  return { stream, written: () => written };
}

test('a progress line has rows, rate, ETA, tokens, cost and what slows the work', (t) => {
  t.is(
    progressLine(row),
    '5,000/20,000 rows, 25.0 %, 812.5 rows/s, ETA 18 s, 3 changed rows wait, 2 failed, 120,000 tokens, $0.0024, paused: night shift',
  );
});

test('a progress line shows the spend cap and what counts against it', (t) => {
  const capped = { ...row, throttled_by: null, max_tokens: 150_000, max_usd: 2, spent_tokens: 121_000, spent_usd: 0.0025 };
  t.true(progressLine(capped).endsWith('120,000 tokens, $0.0024, spend cap: 121,000 of 150,000 tokens, $0.0025 of $2.00'));
});

test('a progress line has the stored rows while others are answered and about to be stored', (t) => {
  t.regex(progressLine({ ...row, stored: 4800 }), /ETA 18 s, 4,800 stored, 3 changed rows wait/);
});

test('a progress line leaves out what is not known', (t) => {
  const unknown = {
    ...row,
    percent: null,
    outdated: 0,
    failed: 0,
    rows_per_second: null,
    eta_seconds: null,
    cost_usd: null,
    throttled_by: null,
  };
  t.is(progressLine({ ...unknown, done: 0, stored: 0, total: 0, tokens: 0 }), '0/0 rows, 0 tokens');
});

test('without a terminal, progress is a line at most once a minute and one at the end', async (t) => {
  const { stream, written } = capture(false);
  const bar = createProgressBar(stream);
  for (let done = 5000; done <= 6000; done += 10) bar.update([{ ...row, done, stored: done }]);
  bar.stop();
  bar.stop();
  await new Promise(setImmediate);
  t.deepEqual(
    written()
      .trim()
      .split('\n')
      .map((line) => /embedding: ([\d,]+)/.exec(line)?.[1]),
    ['5,000', '6,000'],
  );
});

test('without a terminal, unchanged progress is not printed', async (t) => {
  const { stream, written } = capture(false);
  const bar = createProgressBar(stream);
  bar.update([row]);
  bar.update([row]);
  bar.stop();
  await new Promise(setImmediate);
  t.is(written().split('\n').length, 2);
});

test('progress says nothing while there is nothing to do', async (t) => {
  for (const isTTY of [true, false]) {
    const { stream, written } = capture(isTTY);
    const bar = createProgressBar(stream);
    bar.update([{ ...row, total: 0, done: 0, outdated: 0 }]);
    bar.stop();
    await new Promise(setImmediate);
    t.is(written(), '');
  }
});

test('on a terminal, progress is a bar that keeps its place, and talk goes above it', async (t) => {
  const { stream, written } = capture(true);
  const bar = createProgressBar(stream);
  bar.update([row]);
  bar.say('a worker started');
  bar.update([{ ...row, done: 20_000, stored: 20_000, percent: 100 }]);
  bar.stop();
  await new Promise(setImmediate);
  const [talk, last] = written().trim().split('\n');
  t.regex(talk ?? '', /a worker started$/);
  t.regex(last ?? '', /public\.documents\.embedding █{24} 20,000\/20,000 rows, 100\.0 %/);
});

test('the campaign that counts is the newest of each target', (t) => {
  const rows = [row, { ...row, target: 'other', campaign: 'beside' }, { ...row, campaign: 'second' }];
  t.deepEqual(
    currentCampaigns(rows).map(({ campaign }) => campaign),
    ['second', 'beside'],
  );
});

test('small amounts of money show their growth', (t) => {
  t.is(formatUsd(0.00042), '$0.0004');
  t.is(formatUsd(12.3456), '$12.35');
});
