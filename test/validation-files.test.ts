import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readJudgements } from '../src/validation/queries/judgements.ts';
import { readQueryFile } from '../src/validation/queries/query-file.ts';
import { inParallel } from '../src/validation/search/in-parallel.ts';
import { BadLine, ColumnMissing, FileUnreadable, NoQueries } from '../src/validation/validation-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'reembed-validation-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(ending: string, text: string): string {
  const path = join(folder, `${files++}${ending}`);
  writeFileSync(path, text);
  return path;
}

test('a query file without ids numbers its queries by line', (t) => {
  t.deepEqual(readQueryFile(file('.txt', '\uFEFFred shoes\r\n\r\n  blue hats \n')), [
    { id: '1', text: 'red shoes' },
    { id: '3', text: 'blue hats' },
  ]);
});

test('a query file of JSON lines gives ids as text, under either of their names', (t) => {
  const path = file('.jsonl', '{"id": 7, "text": "a"}\n{"_id": "x", "text": "b", "metadata": {}}\n{"text": "c"}\n');
  t.deepEqual(readQueryFile(path), [
    { id: '7', text: 'a' },
    { id: 'x', text: 'b' },
    { id: '3', text: 'c' },
  ]);
});

test('an invalid line of a query file is reported by its number', (t) => {
  const faults: [string, RegExp][] = [
    ['{"id": "1", "text": "a"}\n\nred shoes\n', /line 3: not JSON$/],
    ['{"id": "1", "text": "a"}\n{"id": "2"}\n', /line 2: no "text"$/],
    ['{"id": "1", "text": "  "}\n', /line 1: no "text"$/],
    ['null\n', /line 1: no "text"$/],
    ['{"id": {}, "text": "a"}\n', /line 1: "id" is neither text nor number$/],
    ['{"id": "1", "text": "a"}\n{"id": 1, "text": "b"}\n', /line 2: query 1 appears twice$/],
  ];
  for (const [text, message] of faults) t.throws(() => readQueryFile(file('.jsonl', text)), { instanceOf: BadLine, message });
});

test('an empty or missing query file is refused', (t) => {
  t.throws(() => readQueryFile(file('.txt', '\n \n')), { instanceOf: NoQueries, message: /contains no query$/ });
  t.throws(() => readQueryFile(join(folder, 'none.txt')), { instanceOf: FileUnreadable, message: /none\.txt does not exist$/ });
  t.throws(() => readQueryFile(folder), { instanceOf: FileUnreadable, message: /cannot be read \(EISDIR\)$/ });
});

test('a query file of JSON lines gives the fields to slice by, and one that no query has is refused', (t) => {
  const path = file('.jsonl', '{"id": 1, "text": "a", "lang": "de"}\n{"id": 2, "text": "b"}\n');
  t.deepEqual(
    readQueryFile(path, { sliceBy: ['lang'] }).map(({ slices }) => slices),
    [{ lang: 'de' }, { lang: '(none)' }],
  );
  const missing = t.throws(() => readQueryFile(path, { sliceBy: ['language'] }), { instanceOf: ColumnMissing });
  t.is(missing?.remedy, 'correct --slice-by; the columns are id, text, lang');
  t.throws(() => readQueryFile(file('.txt', 'a\n'), { sliceBy: ['lang'] }), { instanceOf: ColumnMissing });
});

test('a sample of a query file is drawn by its seed, judged queries first', (t) => {
  const path = file('.txt', Array.from({ length: 100 }, (_, i) => `query ${i + 1}`).join('\n'));
  const judged = new Map(['9', '90'].map((id) => [id, new Map([['a', 1]])]));
  const draw = (sample: number, seed: number) => readQueryFile(path, { sample, judged, seed }).map(({ id }) => id);
  t.deepEqual(draw(20, 1), draw(20, 1));
  t.notDeepEqual(draw(20, 1).toSorted(), draw(20, 2).toSorted());
  t.deepEqual(new Set(draw(20, 1)).size, 20);
  for (const seed of [1, 2, 3]) t.deepEqual(draw(20, seed).slice(0, 2).toSorted(), ['9', '90']);
  const taken = new Set([1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => draw(1, seed)));
  t.deepEqual([...taken].toSorted(), ['9', '90']);
  t.deepEqual(draw(5, 1), draw(20, 1).slice(0, 5));
  t.is(readQueryFile(path, { sample: 500 }).length, 100);
});

test('judgements are read in the form of BEIR and in that of TREC', (t) => {
  const expected = new Map([
    [
      'q1',
      new Map([
        ['doc 1', 2],
        ['d2', 0],
      ]),
    ],
    ['q2', new Map([['d3', 1]])],
  ]);
  t.deepEqual(readJudgements(file('.tsv', 'query-id\tcorpus-id\tscore\nq1\tdoc 1\t2\nq1\td2\t0\nq2\td3\t1\n')), expected);
  t.deepEqual(readJudgements(file('.tsv', 'q1\t0\tdoc 1\t2\r\nq1\t0\td2\t0\r\nq2\t0\td3\t1')), expected);
  t.deepEqual(readJudgements(file('.txt', 'q2 0 d3   1\n')), new Map([['q2', new Map([['d3', 1]])]]));
});

test('queries without any relevant row are no judged queries', (t) => {
  t.deepEqual([...readJudgements(file('.tsv', 'a\td\t1\nb\td\t0\nc\td\t-1\n')).keys()], ['a']);
  t.throws(() => readJudgements(file('.tsv', 'b\td\t0\n')), { instanceOf: NoQueries });
});

test('an invalid line of judgements is reported by its number', (t) => {
  const faults: [string, RegExp][] = [
    ['q\td\t1\nq\td\n', /line 2: 2 columns$/],
    ['q\td\t1\nq\td\tyes\n', /line 2: the score "yes" is not a number$/],
    ['q\td\t1x\n', /line 1: the score "1x" is not a number$/],
    ['q\td\t1\nq\t\t1\n', /line 2: an id is empty$/],
  ];
  for (const [text, message] of faults) t.throws(() => readJudgements(file('.tsv', text)), { instanceOf: BadLine, message });
  t.throws(() => readJudgements(join(folder, 'none.tsv')), { instanceOf: FileUnreadable });
});

test('work in parallel keeps the order and stops at the first failure', async (t) => {
  t.deepEqual(await inParallel([3, 1, 2], 2, async (n) => n * 10), [30, 10, 20]);
  const begun: number[] = [];
  await t.throwsAsync(
    inParallel([1, 2, 3, 4, 5], 2, async (n) => {
      begun.push(n);
      await Promise.resolve();
      if (n === 2) throw new Error('two');
    }),
    { message: 'two' },
  );
  t.true(begun.length < 5);
});
