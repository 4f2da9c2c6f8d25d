import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A copy of the toolkit in which some npm packages are not installed. */
export interface Copy {
  /** the command in it */
  cli: string;
  remove(): void;
}

/** Copies the toolkit to a folder whose `node_modules` has every package of this one except some. */
export function copyWithout(packages: readonly string[]): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'reembed-without-'));
  for (const part of ['src', 'sql', 'migrations', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  const installed = readdirSync(join(ROOT, 'node_modules')).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(ROOT, 'node_modules', name)).map((part) => `${name}/${part}`) : [name],
  );
  for (const name of installed.filter((candidate) => !packages.includes(candidate))) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link);
  }
  return { cli: join(folder, 'src', 'cli.ts'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
