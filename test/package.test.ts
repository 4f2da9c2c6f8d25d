import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import pg from 'pg';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { type Application, createApplication, type Packed, ROOT } from './harness/packed.ts';
import { startProvider, type TestProvider } from './harness/provider.ts';
import { createBareStage } from './harness/stage.ts';

let app: Application;
let provider: TestProvider;
let packed: Packed;
let tarball: string;

test.before(async () => {
  provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  app = createApplication({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
  ({ packed, tarball } = await app.pack('.'));
});
test.after.always(async () => {
  app?.remove();
  await provider.close();
});

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const CREATE = ['migrate', 'create', '--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL];

test('npm reads no setting that it does not know, and runs no install script but those that are allowed', (t) => {
  t.false(existsSync(join(ROOT, '.npmrc')));
  const locked: [string, { hasInstallScript?: boolean }][] = Object.entries(read('package-lock.json').packages);
  const scripts = locked.flatMap(([path, { hasInstallScript }]) => (hasInstallScript ? [path.replace(/.*node_modules\//, '')] : []));
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
  // npm before 11.16 knows no allowScripts and runs the scripts that the lock file mentions: delete the line of any other there.
  t.deepEqual(scripts.sort(), allowed.sort());
});

/** Runs the installed command in the folder of the application. */
function reembed(args: string[], env?: Record<string, string>) {
  return app.run(join(app.directory, 'node_modules', '.bin', 'reembed'), args, env);
}

test.serial('the package has what runs and what explains it, with types, and neither tests nor demo nor sources', (t) => {
  const paths = packed.files.map(({ path }) => path);
  const outside = paths.filter(
    (path) => !/^(deploy|dist|docs|migrations|sql|src\/ui\/page)\/|^(README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(path),
  );
  t.deepEqual(outside, []);
  for (const needed of [
    'dist/cli.js',
    'dist/cli.d.ts',
    'migrations/0001_reembed.js',
    'migrations/pg-boss-43.sql',
    'sql/switch/switch_to.sql',
    'src/ui/page/index.html',
    'README.md',
    'LICENSE',
  ]) {
    t.true(paths.includes(needed), needed);
  }
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  t.deepEqual(
    paths.filter((path) => path.endsWith('.d.ts')).sort(),
    sources.map((path) => `dist/${path.replace(/\.ts$/, '.d.ts')}`).sort(),
  );
});

test.serial('exports and types of the package resolve for every consumer of ECMAScript modules', async (t) => {
  for (const [command, ...args] of [
    ['publint', tarball, '--strict'],
    ['attw', tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'],
  ] as [string, ...string[]][]) {
    const { code, stdout, stderr } = await app.run(join(ROOT, 'node_modules', '.bin', command), args);
    t.is(code, 0, `${command}: ${stdout}${stderr}`);
  }
});

// The rest is the same on every server, because it uses the embedded one.
if (!process.env.TEST_DATABASE_URL) {
  test.serial('the package installs in an empty folder, without what only some commands need, and knows its version', async (t) => {
    t.timeout(360_000);
    await app.install(tarball);
    t.is((await app.run('npx', ['--no-install', 'reembed', '--version'])).stdout, '0.1.0\n');
    const spared = [...Object.keys(read('package.json').peerDependencies), 'typescript'];
    t.deepEqual(
      app.installed().filter((name) => spared.includes(name)),
      [],
    );
  });

  test.serial('so installed, it answers help, examines a database and plans a campaign', async (t) => {
    const stage = await createBareStage();
    t.teardown(stage.close);
    await createDocuments(stage.db.pool, 60);
    for (const args of [['--help'], ['worker', '--help'], ['doctor']]) {
      const { code, stderr } = await reembed(args, stage.db.env);
      t.is(code, 0, `${args.join(' ')}: ${stderr}`);
    }
    const created = await reembed([...CREATE, '--dimensions', '24', '--dry-run'], stage.db.env);
    t.is(created.code, 0, created.stderr);
    t.regex(created.stderr, /estimated from characters: npm install gpt-tokenizer@4 counts them/);
  });

  /** Does what the refusal of a command says. */
  const installMissing = async (args: string[]): Promise<string[]> => {
    const { stderr } = await reembed(args);
    const [, packages = ''] = /\[package_missing\] - npm install (\S+(?: \S+@\S+?)*)(?=, or|$)/m.exec(stderr) ?? [];
    await app.install(...packages.split(' ').filter(Boolean));
    return packages.split(' ').map((name) => name.replace(/(.)@.*/, '$1'));
  };

  test.serial('a command that needs more says which packages to install, and then runs: all phases on the embedded database', async (t) => {
    t.timeout(360_000);
    t.deepEqual(await installMissing(['db']), ['@electric-sql/pglite', '@electric-sql/pglite-pgvector']);
    const server: ChildProcess = spawn(process.execPath, [join(app.directory, 'node_modules', '.bin', 'reembed'), 'db'], {
      cwd: app.directory,
      env: app.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => server.kill('SIGKILL'));
    const [url] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line');
    const pool = new pg.Pool({ connectionString: url });
    pool.on('error', () => {});
    await createDocuments(pool, 60);
    const created = await reembed([...CREATE, '--dimensions', '24']);
    t.is(created.code, 0, created.stderr);
    t.is(readdirSync(join(app.directory, 'migrations')).length, 5);
    const up = await reembed(['migrate', 'up', '--wait']);
    t.is(up.code, 3, up.stderr);
    t.regex(up.stderr, /the gate to switch is closed/);
    t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    const { rows } = await pool.query('SELECT content, embedding_model FROM documents_live WHERE id = 7');
    t.deepEqual(rows, [{ content: textOf(7), embedding_model: OLD_MODEL }]);
    t.deepEqual(await installMissing(['report', '--out', 'report.html']), ['vega', 'vega-lite']);
    const report = await reembed(['report', '--out', 'report.html']);
    t.is(report.code, 0, report.stderr);
    t.regex(readFileSync(join(app.directory, 'report.html'), 'utf8'), /<svg /);
    const down = await reembed(['migrate', 'down', '--all', '--discard-vectors']);
    t.is(down.code, 0, down.stderr);
    await pool.end();
    server.kill('SIGTERM');
    await once(server, 'exit');
  });
}
