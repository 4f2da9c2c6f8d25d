import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { estimateTokens, tokenCounter } from '../src/plan/count-tokens.ts';
import { createWorkplace } from './harness/command.ts';
import { type Copy, copyWithout } from './harness/copy-without.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { assertRefused, type Refusal } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

const packageFile = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const optional = Object.keys(packageFile.peerDependencies);

let stage: Stage;
let copy: Copy;
test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 60);
  copy = copyWithout(optional);
});
test.after.always(async () => {
  copy?.remove();
  await stage?.close();
});

/** A working directory whose command lacks the optional packages. */
function workplaceWithout(t: { teardown(undo: () => void): void }, env: Record<string, string> = stage.db.env) {
  const workplace = createWorkplace({ ...env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url }, copy.cli);
  t.teardown(workplace.remove);
  return workplace;
}

const CREATE = ['migrate', 'create', '--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL];

test('what is optional is a peer that npm does not install, in the version that the tests run with', (t) => {
  t.deepEqual(Object.keys(packageFile.peerDependenciesMeta), optional);
  for (const name of optional) {
    t.true(packageFile.peerDependenciesMeta[name].optional, name);
    t.is(packageFile.devDependencies[name], packageFile.peerDependencies[name], name);
    t.false(name in packageFile.dependencies, name);
  }
});

test.serial('without the optional packages commands start, doctor and create run, and create says that tokens are estimated', async (t) => {
  const workplace = workplaceWithout(t);
  for (const args of [['--help'], ['worker', '--help'], ['status'], ['doctor', '--table', 'documents']]) {
    const { code, stderr } = await workplace.run(args);
    t.is(code, 0, `${args.join(' ')}: ${stderr}`);
  }
  const create = [...CREATE, '--dimensions', String(NEW_DIMENSIONS), '--dry-run'];
  const estimated = await workplace.run(create);
  t.is(estimated.code, 0, estimated.stderr);
  t.regex(estimated.stderr, /^ {2}tokens {3}about \d+, estimated from characters: npm install gpt-tokenizer@4 counts them, longest/m);
  const counted = await stage.workplace.run(create);
  t.regex(counted.stderr, /^ {2}tokens {3}about \d+, longest/m);
});

const compared = ['compare', '--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--models', NEW_MODEL, '--yes'];
const refused: { what: string; args: string[]; says: RegExp; remedy: RegExp }[] = [
  {
    what: 'report',
    args: ['report'],
    says: /^a report needs the npm packages vega and vega-lite, which are not installed$/,
    remedy: /^npm install vega@6 vega-lite@6, or print the data instead: --json$/,
  },
  {
    what: 'compare --out',
    args: [...compared, '--out', 'compared.html'],
    says: /^the page of --out needs the npm packages vega and vega-lite/,
    remedy: /^npm install vega@6 vega-lite@6/,
  },
  {
    what: 'import',
    args: ['import', 'chroma://127.0.0.1:1/articles', '--table', 'chunks'],
    says: /^import needs the npm package chromadb, which is not installed$/,
    remedy: /^npm install chromadb@3$/,
  },
];

for (const { what, args, says, remedy } of refused) {
  test.serial(`${what} names the missing packages before it sends or writes anything`, async (t) => {
    const workplace = workplaceWithout(t);
    stage.provider.requests.length = 0;
    const refusal: Refusal = { code: 'package_missing', exit: 'usage', says, remedy };
    assertRefused(t, await workplace.run(args), refusal);
    t.is(stage.provider.requests.length, 0);
    t.false(existsSync(join(workplace.directory, 'compared.html')));
  });
}

test.serial('without PGlite the embedded database is refused with the command that installs it, and no folder is made', async (t) => {
  const workplace = workplaceWithout(t, {});
  const { '@electric-sql/pglite': pglite, '@electric-sql/pglite-pgvector': pgvector } = packageFile.peerDependencies;
  for (const args of [['db'], ['migrate', 'up']]) {
    assertRefused(t, await workplace.run(args), {
      code: 'package_missing',
      exit: 'usage',
      says: /^the embedded database needs the npm packages/,
      remedy: new RegExp(
        `^npm install @electric-sql/pglite@${pglite} @electric-sql/pglite-pgvector@${pgvector}, or name a server: DATABASE_URL=`,
      ),
    });
  }
  const doctor = await workplace.run(['doctor']);
  t.is(doctor.code, 1);
  t.regex(doctor.stdout, /✗ database +the embedded database needs the npm packages .*\n.* npm install @electric-sql/);
  t.false(existsSync(join(workplace.directory, '.reembed')));
});

test('estimated tokens are within a third of those of the tokenizer, in prose of several languages and in code', async (t) => {
  const count = await tokenCounter();
  // cspell:disable
  const texts = {
    English:
      'The embeddings of two models cannot be compared, so every row has to be embedded again while the table is searched and written.',
    German:
      'Die Vektoren zweier Modelle lassen sich nicht vergleichen, deshalb wird jede Zeile neu eingebettet, während Anwendungen lesen.',
    French:
      'Les vecteurs de deux modèles ne sont pas comparables : chaque ligne est donc calculée de nouveau pendant que la table est lue.',
    Russian: 'Векторы двух моделей нельзя сравнивать, поэтому каждая строка вычисляется заново, пока приложение читает и пишет таблицу.',
    Greek: 'Τα διανύσματα δύο μοντέλων δεν συγκρίνονται, γι᾽ αυτό κάθε γραμμή υπολογίζεται ξανά ενώ ο πίνακας διαβάζεται.',
    Chinese: '两个模型的向量不能互相比较，因此在应用程序继续读写表的同时，每一行都必须重新计算嵌入向量。',
    Japanese: '二つのモデルのベクトルは比較できないため、アプリケーションが表を読み書きしている間に、すべての行を再び埋め込みます。',
    Korean: '두 모델의 벡터는 서로 비교할 수 없으므로 애플리케이션이 테이블을 읽고 쓰는 동안 모든 행을 다시 임베딩해야 합니다.',
    code: 'export async function readRows(db: Queryable, name: string): Promise<Row[]> {\n  const { rows } = await db.query(SQL, [name]);\n  return rows;\n}',
  };
  // cspell:enable
  for (const [language, text] of Object.entries(texts)) {
    const share = estimateTokens(text) / count(text);
    t.true(share > 2 / 3 && share < 4 / 3, `${language}: ${share.toFixed(2)}`);
  }
});
