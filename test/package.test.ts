import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import pg from 'pg';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { startProvider, type TestProvider } from './harness/provider.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

let folder: string;
let app: string;
let provider: TestProvider;
let env: Record<string, string>;
let packed: { filename: string; files: { path: string }[] };

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reembed-package-'));
  app = join(folder, 'app');
  provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  env = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    HOME: process.env.HOME ?? '',
    // npm reaches a registry behind a proxy, or one with a certificate of the company, as it does outside of the test.
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(https?|no)_proxy)$/i.test(name)),
    ),
    npm_config_loglevel: 'error',
    OPENAI_API_KEY: 'test',
    OPENAI_BASE_URL: provider.url,
  };
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, env });
  packed = JSON.parse(stdout.slice(stdout.indexOf('[')))[0];
});
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true });
  await provider.close();
});

test('npm reads no setting that it does not know, and every install script is allowed or denied', (t) => {
  t.false(existsSync(join(ROOT, '.npmrc')));
  const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const locked: [string, { hasInstallScript?: boolean }][] = Object.entries(read('package-lock.json').packages);
  const scripts = locked.flatMap(([path, { hasInstallScript }]) => (hasInstallScript ? [path.replace(/.*node_modules\//, '')] : []));
  t.deepEqual(Object.keys(read('package.json').allowScripts).sort(), scripts.sort());
});

/** Runs the installed command in the folder of the application. */
async function reembed(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(join(app, 'node_modules', '.bin', 'reembed'), args, { cwd: app, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

test.serial('the package has what runs and what explains it, with types, and neither tests nor demo nor sources', (t) => {
  const paths = packed.files.map(({ path }) => path);
  const outside = paths.filter(
    (path) => !/^(dist|migrations|sql|docs|src\/ui\/page)\/|^(README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(path),
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

// The rest is the same on every server, because it uses the embedded one.
if (!process.env.TEST_DATABASE_URL) {
  test.serial('the package installs in an empty folder and knows its version', async (t) => {
    t.timeout(360_000);
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true }');
    const install = () =>
      run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-timeout=60000', join(folder, packed.filename)], {
        cwd: app,
        env,
        timeout: 170_000,
      });
    // A registry that does not answer is asked once more.
    await install().catch(install);
    t.is((await run('npx', ['--no-install', 'reembed', '--version'], { cwd: app, env })).stdout, '0.1.0\n');
    t.false(existsSync(join(app, 'node_modules', 'typescript')));
  });

  test.serial('the installed command runs all phases on the embedded database', async (t) => {
    if (!existsSync(join(app, 'node_modules', '.bin', 'reembed'))) return t.fail('the package is not installed');
    const server: ChildProcess = spawn(process.execPath, [join(app, 'node_modules', '.bin', 'reembed'), 'db'], {
      cwd: app,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => server.kill('SIGKILL'));
    const [url] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line');
    const pool = new pg.Pool({ connectionString: url });
    pool.on('error', () => {});
    await createDocuments(pool, 60);
    const created = await reembed([
      'migrate',
      'create',
      '--table',
      'documents',
      '--text',
      'content',
      '--to',
      NEW_MODEL,
      '--dimensions',
      '24',
      '--from',
      OLD_MODEL,
    ]);
    t.is(created.code, 0, created.stderr);
    t.is(readdirSync(join(app, 'migrations')).length, 5);
    const up = await reembed(['migrate', 'up', '--wait']);
    t.is(up.code, 3, up.stderr);
    t.regex(up.stderr, /the gate to switch is closed/);
    t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    const { rows } = await pool.query('SELECT content, embedding_model FROM documents_live WHERE id = 7');
    t.deepEqual(rows, [{ content: textOf(7), embedding_model: OLD_MODEL }]);
    const report = await reembed(['report', '--out', 'report.html']);
    t.is(report.code, 0, report.stderr);
    t.regex(readFileSync(join(app, 'report.html'), 'utf8'), /<svg /);
    const down = await reembed(['migrate', 'down', '--all', '--discard-vectors']);
    t.is(down.code, 0, down.stderr);
    await pool.end();
    server.kill('SIGTERM');
    await once(server, 'exit');
  });
}
