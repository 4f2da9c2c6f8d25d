import test from 'ava';
import { completeOptions, type ValidateCommandOptions } from '../src/commands/validate-options.ts';
import { FAIL_ON, verdictError } from '../src/commands/verdict-exit.ts';
import type { QuerySet } from '../src/config-file.ts';
import { UsageError } from '../src/errors.ts';

const GIVEN: ValidateCommandOptions = { audit: 50, failOn: 'unsure', lowest: 5 };
const SETS = new Map<string, QuerySet>([
  ['nightly', { queries: 'queries.jsonl', judgements: 'qrels.tsv', k: 20, groupBy: 'document_id', filters: ['published'] }],
  ['weekly', { queries: 'all.txt', judgementColumn: 'slug' }],
]);

const EXITS = {
  unsure: { pass: 0, unsure: 5, fail: 4 },
  fail: { pass: 0, unsure: 0, fail: 4 },
  none: { pass: 0, unsure: 0, fail: 0 },
} as const;

test('--fail-on decides which verdicts end with a non-zero exit code', (t) => {
  for (const failOn of FAIL_ON) {
    for (const verdict of ['pass', 'unsure', 'fail'] as const) {
      const error = verdictError({ id: '7', verdict, reasons: ['too bad'], doubts: ['too few'] }, failOn);
      t.is(error?.exitCode ?? 0, EXITS[failOn][verdict], `${failOn} ${verdict}`);
    }
  }
});

test('a query set completes the options, and an option that was given takes precedence', (t) => {
  const cases: [Partial<ValidateCommandOptions>, Partial<ValidateCommandOptions>][] = [
    [
      { set: 'nightly' },
      { queries: 'queries.jsonl', judgements: 'qrels.tsv', k: 20, groupBy: 'document_id', filter: ['published'], audit: 50 },
    ],
    [
      { set: 'nightly', k: 5, filter: ['true'] },
      { queries: 'queries.jsonl', k: 5, filter: ['true'] },
    ],
    [
      { set: 'nightly', queries: 'others.txt' },
      { queries: 'others.txt', judgements: 'qrels.tsv' },
    ],
    [
      { set: 'nightly', queriesFrom: 'log' },
      { queriesFrom: 'log', queries: undefined },
    ],
    [
      { set: 'nightly', judgementColumn: 'slug' },
      { judgementColumn: 'slug', groupBy: undefined },
    ],
    [
      { set: 'weekly', groupBy: 'document_id' },
      { groupBy: 'document_id', judgementColumn: undefined },
    ],
    [{ k: 3 }, { k: 3, queries: undefined }],
  ];
  for (const [given, expected] of cases) {
    const complete = completeOptions({ ...GIVEN, ...given }, SETS);
    for (const [name, value] of Object.entries(expected))
      t.deepEqual(complete[name as keyof ValidateCommandOptions], value, `${JSON.stringify(given)}: ${name}`);
  }
});

test('unknown sets and options that exclude each other are refused with the remedy', (t) => {
  const cases: [Partial<ValidateCommandOptions>, Map<string, QuerySet>, RegExp][] = [
    [{ set: 'hourly' }, SETS, /no query set "hourly" in reembed\.config.*name one of "nightly", "weekly"/],
    [{ set: 'hourly' }, new Map(), /no query set "hourly" in reembed\.config.*add sets/],
    [{ groupBy: 'document_id', judgementColumn: 'slug' }, SETS, /--group-by and --judgement-column exclude each other/],
    [{ sweep: true, judgements: 'qrels.tsv' }, SETS, /--sweep and --judgements exclude each other/],
    [{ sweep: true, groupBy: 'document_id' }, SETS, /--sweep and --group-by exclude each other/],
    [{ sweep: true, filter: ['true'] }, SETS, /--sweep and --filter exclude each other/],
    [{ sweep: true, sliceBy: ['lang'] }, SETS, /--sweep and --slice-by exclude each other/],
    [{ sweep: true, cutoff: [0.8] }, SETS, /--sweep and --cutoff exclude each other/],
  ];
  for (const [given, sets, says] of cases) {
    const error = t.throws(() => completeOptions({ ...GIVEN, ...given }, sets), { instanceOf: UsageError });
    t.regex(`${error?.message} - ${error?.remedy}`, says);
  }
});
