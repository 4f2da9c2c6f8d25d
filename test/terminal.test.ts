import { PassThrough } from 'node:stream';
import test from 'ava';
import { didYouMean } from '../src/commands/did-you-mean.ts';
import { createPace } from '../src/commands/pace.ts';
import { phaseRail } from '../src/commands/phase-rail.ts';
import { setTalk } from '../src/commands/print.ts';
import { createDisplay } from '../src/commands/progress-display.ts';
import type { CampaignStatus } from '../src/commands/read-status.ts';
import type { ProgressRow } from '../src/commands/show-progress.ts';
import { settingsText } from '../src/commands/show-settings.ts';
import { fitColumns } from '../src/fit-columns.ts';
import { headedTable } from '../src/validation/report/report-wording.ts';
import { plain } from './harness/pseudo-terminal.ts';

// As in the window of a person: where these tests run, CI may be set, or no TERM.
Object.assign(process.env, { TERM: 'xterm', CI: '' });

function capture(isTTY: boolean, columns = 80) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns });
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  return { stream, written: () => written };
}

const isWithin = (text: string, columns: number) => text.split('\n').every((line) => line.length <= columns);

test('a long line is wrapped at spaces, under the text of its label or sign, and no word is cut', (t) => {
  t.is(fitColumns('  slow  replica b is 80 MB behind', 20), '  slow  replica b is\n        80 MB behind');
  t.is(fitColumns('  - old and new results differ', 18), '  - old and new\n    results differ');
  t.is(fitColumns('run: npx_reembed_setting_max_failed_rows=2', 20), 'run:\nnpx_reembed_setting_max_failed_rows=2');
  t.is(fitColumns('○ switch → ○ contract', 12), '○ switch →\n  ○ contract');
  t.is(fitColumns('rows 100.0 % of them', 9), 'rows\n100.0 %\nof them');
});

test('a line that fits, and every line of a pipe, stays as it is', (t) => {
  const text = '  a   b  \n\nlast ';
  t.is(fitColumns(text, 10), text);
  t.is(fitColumns(`${text}${'x '.repeat(500)}`, Number.POSITIVE_INFINITY), `${text}${'x '.repeat(500)}`);
});

test('a style has no width', (t) => {
  t.is(fitColumns('\x1b[2m○ index\x1b[22m → \x1b[2m○ switch\x1b[22m', 12), '\x1b[2m○ index\x1b[22m →\n  \x1b[2m○ switch\x1b[22m');
  const painted = ['\x1b[33m', 'waiting', '\x1b[39m for'].join('');
  t.is(fitColumns(painted, 11), painted);
});

test('a table that is wider than the terminal is shown as a block for each row', (t) => {
  const rows = [
    ['table', 'rows', 'next'],
    ['tenant_1.documents', '1,200 of 4,000', 'index: 2,800 of 4,000 rows are still to be embedded'],
    ['sum', '1,200 of 4,000', ''],
  ];
  t.regex(headedTable(rows, 120), /^ {2}table +rows +next\s*\n {2}tenant_1\.documents {2}1,200 of 4,000 {2}index: 2,800/);
  t.is(
    headedTable(rows, 60),
    '  tenant_1.documents\n    rows  1,200 of 4,000\n    next  index: 2,800 of 4,000 rows are still to be embedded\n  sum\n    rows  1,200 of 4,000',
  );
});

const standing = {
  phase: 'expand' as CampaignStatus['phase'],
  done: 0,
  total: 0,
  percent: null as number | null,
  next: { phase: 'switch', file: null, open_conditions: [], command: '', is_under_way: false } as CampaignStatus['next'],
};

test('the rail shows where a campaign stands in every phase, forward and back', (t) => {
  const half = { done: 40, total: 100, percent: 40 };
  const whole = { done: 100, total: 100, percent: 100 };
  const closed = {
    phase: 'switch',
    file: null,
    command: '',
    open_conditions: [{ code: 'not_validated', condition: 'not compared', remedy: 'npm run validate' }],
    is_under_way: false,
  };
  const rails: [Partial<typeof standing>, string][] = [
    [{ phase: 'expand' }, '✓ expand → ● backfill → ○ index → ○ validate → ○ switch → ○ contract'],
    [{ phase: 'backfill', ...half }, '✓ expand → ● backfill 40.0 % → ○ index → ○ validate → ○ switch → ○ contract'],
    [{ phase: 'backfill', ...whole }, '✓ expand → ✓ backfill → ● index → ○ validate → ○ switch → ○ contract'],
    [{ phase: 'index', ...whole, next: closed }, '✓ expand → ✓ backfill → ✓ index → ● validate → ○ switch → ○ contract'],
    [{ phase: 'index', ...whole }, '✓ expand → ✓ backfill → ✓ index → ✓ validate → ● switch → ○ contract'],
    [{ phase: 'switch', ...whole }, '✓ expand → ✓ backfill → ✓ index → ✓ validate → ✓ switch → ● contract'],
    [{ phase: 'contract', ...whole }, '✓ expand → ✓ backfill → ✓ index → ✓ validate → ✓ switch → ✓ contract'],
    [{ phase: 'switch', ...whole, next: null }, '✓ expand → ✓ backfill → ✓ index → ✓ validate → ✓ switch'],
  ];
  for (const [row, rail] of [...rails, ...rails.toReversed()]) t.is(phaseRail({ ...standing, ...row }), rail);
});

test('rate and time left come from the answers of the last minute, once there are enough of them', (t) => {
  let now = 0;
  const pace = createPace(() => now);
  const row = { campaign: 'first', done: 0, total: 10_000, rows_per_second: 3, eta_seconds: null } as ProgressRow;
  const at = (second: number, done: number) => {
    now = 1000 * second;
    const { rows_per_second, eta_seconds } = pace.measure({ ...row, done });
    return [rows_per_second, eta_seconds];
  };
  t.deepEqual(at(0, 0), [3, null]);
  t.deepEqual(at(5, 500), [3, null], 'too short');
  t.deepEqual(at(20, 2000), [3, null], 'two answers may be any speed');
  t.deepEqual(at(30, 3000), [100, 70]);
  // A minute later the fast start no longer counts.
  for (let second = 40; second <= 100; second += 10) at(second, 3000 + (second - 30) * 10);
  t.deepEqual(at(110, 3800), [10, 620]);
  t.deepEqual(at(115, 3700), [3, null], 'a batch that starts again gives up its rows');
});

test('without a terminal, progress has the time, and comes once a minute, every five seconds or never', async (t) => {
  t.teardown(() => setTalk('usual'));
  const counts: number[] = [];
  for (const talk of ['usual', 'verbose', 'quiet'] as const) {
    setTalk(talk);
    const { stream, written } = capture(false);
    const display = createDisplay(stream);
    for (const done of [1, 2]) display.update([{ name: 'documents', done, total: 9, text: `${done} of 9` }]);
    display.say('a warning');
    display.stop();
    await new Promise(setImmediate);
    t.true(written().includes('a warning\n'));
    counts.push(written().match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ documents: \d of 9$/gm)?.length ?? 0);
  }
  t.deepEqual(counts, [2, 2, 0]);
});

test('on a terminal of 60 columns, the rows, the time left and what slows the work can be read', async (t) => {
  const { stream, written } = capture(true, 60);
  const display = createDisplay(stream);
  const short = '9,060/20,000 rows, 45.3 %, ETA 18 s';
  display.update([
    { name: 'public.documents', done: 9060, total: 20_000, text: '', short, detail: '8,900 stored, 1 token', trouble: 'paused: night' },
  ]);
  display.stop();
  await new Promise(setImmediate);
  const shown = plain(written());
  t.true(shown.includes(`documents █████░░░░░ ${short}`), shown);
  t.regex(shown, / {2}paused: night, 8,900 stored, 1 token/);
});

test('a setting that is not known is compared with the known ones', (t) => {
  t.is(didYouMean('sok', ['soak', 'paused']), 'did you mean soak?');
  t.is(didYouMean('nothing_like_it', ['soak', 'paused']), undefined);
});

test('settings fit 60 columns, with every name and value in full', (t) => {
  const meaning = 'The backfill stops while a standby is more than this many bytes of WAL behind; null: no limit.';
  const setting = { name: 'max_replica_lag_bytes', meaning, value: 1024, default: 67_108_864 };
  const text = fitColumns(settingsText([setting, { name: 'brand_new', meaning: 'new', value: null, default: null }], 60), 60);
  t.true(isWithin(text, 60), text);
  t.regex(text, /What slows the backfill\n {2}max_replica_lag_bytes = 1024 \(default: 67108864\)\n {4}The backfill stops/);
  t.regex(text, /Other\n {2}brand_new = none\n/);
});

test('a wide table of settings has a heading for each group, and no line of joints alone', (t) => {
  const setting = (name: string) => ({ name, meaning: 'meaning', value: null, default: null });
  const lines = settingsText([setting('paused'), setting('max_tokens'), setting('soak')], 200).split('\n');
  t.true(
    lines.every((line) => /[│─]/.test(line)),
    lines.join('\n'),
  );
  t.deepEqual(
    lines.flatMap((line) => /^│ (Speed and spend|Switch and contract) +│$/.exec(line)?.[1] ?? []),
    ['Speed and spend', 'Switch and contract'],
  );
});
