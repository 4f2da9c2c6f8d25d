import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** What `npm pack` made. */
export interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string }[];
}

/** An application in a folder of its own, for packages as their users install them. */
export interface Application {
  directory: string;
  /** environment of its programs; no setting of this process is inherited except what npm needs to reach a registry */
  env: Record<string, string>;
  /** packs a folder of the project */
  pack(folder: string): Promise<{ packed: Packed; tarball: string }>;
  /** installs packages; a registry that does not answer is asked once more */
  install(...packages: string[]): Promise<void>;
  run(file: string, args: string[], env?: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }>;
  /** names of the installed packages, transitive ones included */
  installed(): string[];
  remove(): void;
}

/** @param env environment of its programs */
export function createApplication(env: Record<string, string>): Application {
  const folder = mkdtempSync(join(tmpdir(), 'reembed-package-'));
  const directory = join(folder, 'app');
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
  const base = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    HOME: process.env.HOME ?? '',
    // npm reaches a registry behind a proxy, or one with a certificate of the company, as it does outside of the test.
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(https?|no)_proxy)$/i.test(name)),
    ),
    npm_config_loglevel: 'error',
    ...env,
  };
  return {
    directory,
    env: base,
    async pack(part) {
      const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: join(ROOT, part), env: base });
      const packed: Packed = JSON.parse(stdout.slice(stdout.indexOf('[')))[0];
      return { packed, tarball: join(folder, packed.filename) };
    },
    async install(...packages) {
      const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-timeout=60000', ...packages];
      const install = () => run('npm', args, { cwd: directory, env: base, timeout: 170_000 });
      await install().catch(install);
    },
    run: (file, args, more = {}) =>
      run(file, args, { cwd: directory, env: { ...base, ...more } }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
      ),
    installed() {
      const names = readdirSync(join(directory, 'node_modules')).filter((name) => !name.startsWith('.'));
      return names.flatMap((name) =>
        name.startsWith('@') ? readdirSync(join(directory, 'node_modules', name)).map((part) => `${name}/${part}`) : [name],
      );
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
