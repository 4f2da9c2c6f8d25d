import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { checkStoredVectors, createArticles, oldVector } from './harness/articles.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, usualOptions } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ADA = 'text-embedding-ada-002';

let stage: Stage;
test.before(async () => {
  stage = await createStage({ [ADA]: 1536 });
});
test.after.always(() => stage?.close());

test.serial('vectors of the old model agree, in one request, and a few outdated ones are left to the audit', async (t) => {
  await createArticles(stage, 'agreeing', ({ content }) => oldVector(content));
  stage.provider.requests.length = 0;
  t.regex(
    (await checkStoredVectors(stage, 'agreeing')).finding,
    /^10 of 10 stored vectors agree with old-model \(1 request, \d+ tokens\)$/,
  );
  t.is(stage.provider.requests.length, 1);
  await stage.db.pool.query('DELETE FROM agreeing WHERE id > 9; UPDATE agreeing SET content = content || id WHERE id = 3');
  const { finding, refusal } = await checkStoredVectors(stage, 'agreeing');
  t.is(refusal, undefined);
  t.regex(finding, /^9 of 10 stored vectors agree .*the audit of a validation/);
});

test.serial('of a large table only a sample of the pages is read', async (t) => {
  await createDocuments(stage.db.pool, 2500, { table: 'large', index: false });
  t.regex((await checkStoredVectors(stage, 'large')).finding, /^10 of 10 stored vectors agree/);
});

const create = (table: string, more: string[] = [], env: Record<string, string> = {}) =>
  stage.workplace.run(['migrate', 'create', ...usualOptions(table), ...more], env);
const filesOf = () => {
  const folder = join(stage.workplace.directory, 'migrations');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

test.serial('create refuses a disagreement and writes nothing, and goes on when it is accepted with a reason', async (t) => {
  await createArticles(stage, 'refused', ({ title }) => oldVector(title));
  const refused = await create('refused');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /10 of 10 stored vectors differ .* they are of column title .*\[old_model_disagrees\]/);
  t.deepEqual(filesOf(), []);
  const accept = ['--accept', 'old-model-disagrees'];
  const accepted = await create('refused', [...accept, '--reason', 'the titles were embedded']);
  t.is(accepted.code, 0, accepted.stderr);
  t.regex(accepted.stderr, /old +0 of 10 stored vectors agree with old-model \(.*\); accepted: the titles were embedded/);
  await stage.up();
  const { rows } = await stage.db.pool.query("SELECT reason, evidence FROM reembed.acceptance WHERE code = 'old-model-disagrees'");
  t.deepEqual(rows, [{ reason: 'the titles were embedded', evidence: { rows: 10, disagreeing: 10 } }]);
  // The column still holds vectors of the old model while the campaign runs.
  const { stdout, code } = await stage.workplace.run(['doctor', '--table', 'refused', '--json']);
  t.is(code, 1);
  const found = (JSON.parse(stdout) as { findings: { name: string; level: string; finding: string }[] }).findings;
  t.like(
    found.find(({ name }) => name === 'stored vectors'),
    { level: 'error' },
  );
});

test.serial('a disagreement that was not found cannot be accepted', async (t) => {
  await createArticles(stage, 'correct', ({ content }) => oldVector(content));
  const { code, stderr } = await create('correct', ['--dry-run', '--accept', 'old-model-disagrees', '--reason', 'to be sure']);
  t.is(code, 2);
  t.regex(stderr, /there is no old-model-disagrees to accept/);
});

test.serial('create goes on and says that it did not check where the old model cannot be called', async (t) => {
  await createArticles(stage, 'gone', ({ title }) => oldVector(title));
  const dry = async (more: string[] = [], env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await create('gone', ['--dry-run', '--json', ...more], env);
    t.is(code, 0, stderr);
    return (JSON.parse(stdout) as { oldModel: { finding: string; rows: number | null } }).oldModel;
  };
  stage.provider.script = ({ model }) => (model === OLD_MODEL ? { status: 404 } : undefined);
  t.like(await dry(), { finding: 'not checked: the provider has no model old-model (404)', rows: null });
  stage.provider.script = () => undefined;
  stage.provider.requests.length = 0;
  t.like(await dry(['--no-probe']), { finding: 'not checked: --no-probe' });
  t.like(await dry([], { OPENAI_API_KEY: '' }), { finding: 'not checked: no API key for old-model' });
  t.is(stage.provider.requests.length, 0);
});

test.serial('a known model whose dimensions are not those of the column is refused before a request', async (t) => {
  await createArticles(stage, 'typed', ({ content }) => oldVector(content));
  stage.provider.requests.length = 0;
  const { code, stderr } = await create('typed', ['--from', ADA]);
  t.is(code, 1);
  t.regex(
    stderr,
    /text-embedding-ada-002 returns vectors of 1536 dimensions, but those in typed\.embedding have 16 \[old_model_dimensions\]/,
  );
  t.is(stage.provider.requests.length, 0);
});

test.serial('doctor compares the stored vectors of a table with the model that is named', async (t) => {
  await createArticles(stage, 'examined', ({ title }) => oldVector(title));
  const examine = async (text: string) => {
    const { stdout } = await stage.workplace.run(['doctor', '--table', 'examined', '--text', text, '--from', OLD_MODEL, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; level: string; finding: string; remedy: string | null }[] };
    return findings.find(({ name }) => name === 'stored vectors');
  };
  t.like(await examine('title'), { level: 'ok', remedy: null });
  const found = await examine('content');
  t.is(found?.level, 'error');
  t.regex(found?.remedy ?? '', /--text title/);
});

test.serial('the text that is proposed is accepted by create as it is printed', async (t) => {
  await createArticles(stage, 'proposed', ({ author, year, content }) => oldVector(`author: ${author}\nyear: ${year}\n\n${content}`));
  const { refusal } = await checkStoredVectors(stage, 'proposed');
  const [, quoted = ''] = /--text-sql "(.*?[^\\])"; to go on/.exec(refusal?.remedy ?? '') ?? [];
  const expression = quoted.replace(/\\(["$`\\])/g, '$1');
  const args = [
    'migrate',
    'create',
    '--table',
    'proposed',
    '--text-sql',
    expression,
    '--to',
    NEW_MODEL,
    '--dimensions',
    '24',
    '--from',
    OLD_MODEL,
  ];
  const { code, stderr } = await stage.workplace.run(args);
  t.is(code, 0, stderr);
  t.regex(stderr, /old +10 of 10 stored vectors agree with old-model/);
  const expand = filesOf().find((path) => path.includes('proposed') && path.includes('expand')) ?? '';
  t.true(readFileSync(expand, 'utf8').includes('json_each_text'));
  await stage.up();
});
