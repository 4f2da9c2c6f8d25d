import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, usualOptions, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  // As a provider answers for a model that it has retired: every call, from before the campaign was created.
  stage.provider.script = ({ model }) =>
    model === OLD_MODEL ? { status: 404, body: { error: { message: `The model ${OLD_MODEL} has been deprecated` } } } : undefined;
  await createDocuments(stage.db.pool, 120);
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);

async function run(t: ExecutionContext, args: string[], code: number) {
  const result = await stage.workplace.run(args);
  t.is(result.code, code, `${args.join(' ')}: ${result.stderr}${result.stdout}`);
  return result;
}

async function liveModel(): Promise<string> {
  return (await sql('SELECT reembed.active_model() AS model')).rows[0].model;
}

test.serial('the plan for a model that is gone says in which order to go', async (t) => {
  const asked = [...usualOptions(), '--old-model-gone'];
  const { stderr } = await run(t, ['migrate', 'create', ...asked, '--dry-run'], 0);
  t.regex(stderr, /old {6}not checked: it cannot be called any more/);
  t.regex(stderr, /1 npm run migrate up.*\n.*2 npm run bridge fit.*\n.*3 npm run validate -- --bridge.*\n.*4 npm run worker/);
  campaign = await stage.create(asked);
});

test.serial('status repeats the order, and that searches fail until the switch', async (t) => {
  await run(t, ['migrate', 'up'], 3);
  const { stdout } = await run(t, ['status'], 0);
  t.regex(stdout, /is gone, so go in this order/);
  t.regex(stdout, /until the switch, searches that embed their queries with it fail/);
});

test.serial('rows that change get their new vector, and no old one of another text counts as current', async (t) => {
  await sql("UPDATE documents SET content = 'harbor of the changed row' WHERE id = 5");
  await sql("INSERT INTO documents (id, content) VALUES (1000, 'quarry of the new row')");
  await stage.work();
  t.deepEqual((await sql('SELECT count(*)::integer AS rows FROM documents WHERE embedding_v2 IS NULL')).rows, [{ rows: 0 }]);
  t.deepEqual((await sql(`SELECT key, class FROM reembed.failed_row ORDER BY (key ->> 'id')::bigint`)).rows, [
    { key: { id: 5 }, class: 'old_model_unavailable' },
    { key: { id: 1000 }, class: 'old_model_unavailable' },
  ]);
});

test.serial('the setting cannot contradict itself', async (t) => {
  await t.throwsAsync(sql('UPDATE reembed.setting SET keep_old_current = true'), { code: 'RE004', message: /marked as gone/ });
});

test.serial('validate compares rows, and says what it could not compare', async (t) => {
  await stage.up(1);
  const { stdout } = await run(t, ['validate'], 5);
  t.regex(stdout, /UNSURE/);
  t.regex(stdout, new RegExp(`${OLD_MODEL} cannot be called any more, so that no query could be embedded with it`));
});

test.serial('validate compares queries whose old vectors were kept, and refuses others', async (t) => {
  const rows = Array.from({ length: 40 }, (_, i) => i + 10);
  const file = (name: string, lines: string[]) => {
    const path = join(stage.workplace.directory, name);
    writeFileSync(path, lines.join('\n'));
    return path;
  };
  const judgements = file(
    'qrels.tsv',
    rows.map((row) => `q${row}\t${row}\t1`),
  );
  const query = (row: number, kept: object) => JSON.stringify({ id: `q${row}`, text: textOf(row), ...kept });
  const bare = file(
    'bare.jsonl',
    rows.map((row) => query(row, {})),
  );
  t.regex((await run(t, ['validate', '--queries', bare, '--judgements', judgements], 1)).stderr, /cannot be embedded with/);
  t.regex((await run(t, ['validate', '--queries-from', 'generated'], 1)).stderr, /cannot be embedded with/);
  const short = file('short.jsonl', [query(10, { old_vector: [1, 2] })]);
  t.regex((await run(t, ['validate', '--queries', short], 1)).stderr, /has 2 dimensions/);

  const kept = file(
    'kept.jsonl',
    rows.map((row) => query(row, row < 45 ? { old_vector: Array.from(vectorOf(OLD_MODEL, textOf(row), OLD_DIMENSIONS)) } : {})),
  );
  const { stdout } = await stage.workplace.run(['validate', '--queries', kept, '--judgements', judgements, '--audit', '20', '--json']);
  const { verdict, queries, ndcg_before } = JSON.parse(stdout);
  t.deepEqual([queries, ndcg_before], [35, 1], `${verdict}`);
});

test.serial('the switch is accepted by name', async (t) => {
  await sql("DELETE FROM reembed.validation WHERE query_source <> 'rows'");
  t.regex((await run(t, ['migrate', 'up'], 3)).stderr, /--accept unsure --reason/);
  await run(t, ['migrate', 'up', '--accept', 'unsure', '--reason', 'the old model was retired'], 3);
  t.is(await liveModel(), NEW_MODEL);
});

test.serial('down says before it happens that no query can be embedded, and goes back where that is accepted', async (t) => {
  const refused = await run(t, ['migrate', 'down'], 3);
  t.regex(refused.stderr, /no query can be embedded with it/);
  t.is(await liveModel(), NEW_MODEL);
  await run(t, ['migrate', 'down', '--accept-missing'], 0);
  t.is(await liveModel(), OLD_MODEL);
  t.deepEqual((await sql("SELECT code FROM reembed.acceptance WHERE code LIKE '%old%' ORDER BY code")).rows, [
    { code: 'missing-old-vectors' },
    { code: 'old-model-gone' },
  ]);
  await run(t, ['migrate', 'up'], 3);
  t.is(await liveModel(), NEW_MODEL);
});

test.serial('contract goes forward, back and forward, and the old vectors that there were come back', async (t) => {
  await sql("UPDATE reembed.setting SET soak = '0'");
  await run(t, ['migrate', 'up'], 0);
  await run(t, ['migrate', 'down'], 0);
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), ['1000 old', '5 old']);
  await run(t, ['migrate', 'up'], 0);
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding' }), []);
});

test.serial('nothing ever called the old model', (t) => {
  t.deepEqual(
    stage.provider.requests.filter(({ model }) => model === OLD_MODEL),
    [],
    campaign,
  );
});
