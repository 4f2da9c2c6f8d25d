import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import type { Workplace } from './harness/command.ts';
import { NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import type { TestProvider } from './harness/provider.ts';
import { createValidationWorkplace, type ValidationWorkplace } from './harness/validation-workplace.ts';

let stage: ValidationWorkplace;
let database: Database;
let provider: TestProvider;
let workplace: Workplace;
test.before(async () => {
  stage = await createValidationWorkplace();
  ({ database, provider, workplace } = stage);
});
test.after.always(() => stage?.close());

test.serial('options that do not fit together are refused as wrong usage', async (t) => {
  for (const args of [
    ['--queries', 'queries.jsonl', '--query-table', 'documents', '--query-text', 'content'],
    ['--query-table', 'documents'],
    ['--query-text', 'content'],
    ['-k', '0'],
    ['--sample', 'many'],
    ['--queries-from', 'elsewhere'],
    ['--queries-from', 'log', '--queries', 'queries.jsonl'],
    ['--queries-from', 'generated', '--judgements', 'qrels.tsv'],
    ['--cutoff', 'high'],
    ['--audit', '-1'],
    ['--fail-on', 'never'],
    ['--max-usd', '1'],
    ['--max-tokens', '1000', '--queries-from', 'log'],
    ['--queries-from', 'titles', '--judgements', 'qrels.tsv'],
  ]) {
    t.is((await workplace.run(['validate', ...args])).code, 2, args.join(' '));
  }
});

test.serial('where the old model cannot be asked any more, the rows are offered instead', async (t) => {
  provider.script = ({ model }) => (model === OLD_MODEL ? { status: 404 } : undefined);
  const { code, stderr } = await workplace.run(['validate', '--queries', 'queries.jsonl']);
  const byRows = await workplace.run(['validate']);
  provider.script = () => undefined;
  t.regex(byRows.stdout, /- no stored old vector was compared with a fresh one: the provider\s+has no model old-model/);
  t.is(code, 1);
  t.regex(stderr, /has no model old-model.*only rows can be compared: npm run validate, with no query options\n$/);
});

test.serial('a query that the provider refuses is named', async (t) => {
  provider.script = ({ model, input }) =>
    model === NEW_MODEL && input.includes(textOf(6)) ? { status: 400, body: { error: { message: 'too long' } } } : undefined;
  const { code, stderr } = await workplace.run(['validate', '--queries', 'queries.jsonl']);
  provider.script = () => undefined;
  t.is(code, 1);
  t.regex(stderr, new RegExp(`query ${textOf(6)}: .*too long`));
});

test.serial('a missing file is one line on stderr', async (t) => {
  const { code, stdout, stderr } = await workplace.run(['validate', '--queries', 'none.txt']);
  t.is(code, 1);
  t.is(stdout, '');
  t.is(
    stderr.replace(/^database: .*\n/, ''),
    'reembed: none.txt does not exist [file_unreadable] - name a file that can be read with --queries\n',
  );
});

test.serial('the text of a row that an audit could not embed is not put on record', async (t) => {
  provider.script = ({ model, input }) =>
    model === NEW_MODEL && input.some((text) => text.includes('number'))
      ? { status: 400, body: { error: { message: `no: ${input[0]}` } } }
      : undefined;
  const { stdout } = await workplace.run(['validate', '--audit', '3']);
  provider.script = () => undefined;
  const { rows } = await database.pool.query('SELECT audit_problem FROM reembed.validation ORDER BY id DESC LIMIT 1');
  t.regex(rows[0].audit_problem, /refused/);
  t.notRegex(rows[0].audit_problem + stdout, /number \d/);
});
