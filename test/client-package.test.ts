import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createDocuments, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { type Application, createApplication, type Packed, ROOT } from './harness/packed.ts';
import { createStage, type Stage } from './harness/stage.ts';

const FOLDER = 'clients/typescript';
const MOST_BYTES = 50_000;
const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(join(ROOT, FOLDER, 'README.md'), 'utf8')) ?? [];

let app: Application;
let packed: Packed;
let tarball: string;
let stage: Stage;

test.before(async () => {
  app = createApplication({});
  ({ packed, tarball } = await app.pack(FOLDER));
});
test.after.always(async () => {
  await stage?.close();
  app?.remove();
});

test.serial('the package of the client has compiled code, types, readme and licence, in less than 50 kB', (t) => {
  const paths = packed.files.map(({ path }) => path);
  const outside = paths.filter((path) => !/^dist\/[a-z-]+\.(js|d\.ts)$|^(README\.md|LICENSE|package\.json)$/.test(path));
  t.deepEqual(outside, []);
  for (const needed of ['dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']) t.true(paths.includes(needed), needed);
  t.true(packed.unpackedSize < MOST_BYTES, `${packed.unpackedSize} bytes`);
});

test.serial('it imports pg and nothing else, and calls the functions of the toolkit instead of holding its SQL', (t) => {
  const code = packed.files
    .filter(({ path }) => path.endsWith('.js'))
    .map(({ path }) => readFileSync(join(ROOT, FOLDER, path), 'utf8'))
    .join('\n');
  const imported = [...code.matchAll(/(?:from|import)\s*\(?'([^'.][^']*)'/g)].map(([, name]) => name);
  t.deepEqual([...new Set(imported)].sort(), ['node:crypto', 'node:timers/promises', 'pg']);
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, FOLDER, 'package.json'), 'utf8'));
  t.deepEqual([dependencies, Object.keys(peerDependencies)], [undefined, ['pg']]);
  const statements = [...code.matchAll(/query\('([^']*)'/g)].map(([, statement = '']) => statement.replace(/\(.*/, ''));
  t.deepEqual(statements.sort(), [
    'LISTEN reembed',
    'SELECT * FROM reembed.read_bridge',
    'SELECT * FROM reembed.reading',
    'SELECT reembed.record_shadow_read',
    'SELECT reembed.report_wanted',
  ]);
});

test.serial('its exports and types resolve for every consumer of ECMAScript modules', async (t) => {
  for (const [command, ...args] of [
    ['publint', tarball, '--strict'],
    ['attw', tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'],
  ] as [string, ...string[]][]) {
    const { code, stdout, stderr } = await app.run(bin(command), args);
    t.is(code, 0, `${command}: ${stdout}${stderr}`);
  }
});

test.serial(
  'the program of its readme, with pg alone installed, finds rows with the model that is live, before and after a switch',
  async (t) => {
    t.timeout(360_000);
    await app.install(tarball, 'pg@8.23.1');
    t.deepEqual(
      app.installed().filter((name) => !/^(pg|postgres-|pgpass|split2$|xtend$)/.test(name)),
      [],
    );
    t.true(example.includes("from 'pg-reembed-client'"));
    writeFileSync(join(app.directory, 'search.js'), example);

    stage = await createStage();
    await createDocuments(stage.db.pool, 60);
    const campaign = await stage.createUsual();
    await stage.bring(campaign, 'index');
    await stage.pass(campaign);
    const env = { DATABASE_URL: stage.db.url, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url };
    for (const model of [OLD_MODEL, NEW_MODEL, OLD_MODEL]) {
      await stage.db.pool.query("SELECT reembed.switch_to('documents', $1)", [model]);
      stage.provider.requests.length = 0;
      const { code, stdout, stderr } = await app.run(process.execPath, ['search.js'], env);
      t.is(code, 0, stderr);
      const found = JSON.parse(stdout) as { id: string; embedding_model: string }[];
      t.is(found.length, 10);
      t.true(found.every(({ embedding_model }) => embedding_model === model));
      t.deepEqual(
        stage.provider.requests.map((request) => [request.model, request.input]),
        [[model, ['red shoes']]],
      );
    }
  },
);

test.serial('the same program is checked by TypeScript, types of the package included', async (t) => {
  // The application's own type packages; those of the package have to do with them, or without.
  const types = join(app.directory, 'node_modules', '@types');
  mkdirSync(types, { recursive: true });
  for (const name of ['node', 'pg']) symlinkSync(join(ROOT, 'node_modules', '@types', name), join(types, name));
  writeFileSync(join(app.directory, 'search.ts'), example);
  const check = (file: string) =>
    app.run(bin('tsc'), ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', file]);
  const good = await check('search.ts');
  t.is(good.code, 0, good.stdout);
  writeFileSync(
    join(app.directory, 'common.cts'),
    "import { createSearchClient } from 'pg-reembed-client';\nexport const create = createSearchClient;\n",
  );
  const common = await check('common.cts');
  t.is(common.code, 0, common.stdout);
  writeFileSync(join(app.directory, 'common.cjs'), "console.log(typeof require('pg-reembed-client').createSearchClient);\n");
  t.is((await app.run(process.execPath, ['common.cjs'])).stdout, 'function\n');
  writeFileSync(join(app.directory, 'wrong.ts'), example.replace("target: 'documents'", 'target: 7'));
  const wrong = await check('wrong.ts');
  t.regex(wrong.stdout, /Type 'number' is not assignable to type 'string'/);
});
