import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OBJECTS_VERSION } from '../../src/database/objects-version.ts';
import type { CommandResult, Workplace } from './command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION_FILE = 'src/database/objects-version.ts';

/** A copy of the toolkit whose objects have the next version. */
export interface NewerToolkit {
  /** runs one of its commands in the folder of another toolkit */
  run(workplace: Workplace, args: string[], env: Record<string, string>): Promise<CommandResult>;
  remove(): void;
}

/** Makes a copy of this toolkit with the next version of its objects. */
export function makeNewerToolkit(): NewerToolkit {
  const directory = mkdtempSync(join(tmpdir(), 'reembed-newer-'));
  for (const part of ['src', 'sql', 'migrations', 'package.json']) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const text = readFileSync(join(ROOT, VERSION_FILE), 'utf8');
  const newer = text.replace(`OBJECTS_VERSION = ${OBJECTS_VERSION};`, `OBJECTS_VERSION = ${OBJECTS_VERSION + 1};`);
  if (newer === text) throw new Error(`no version in ${VERSION_FILE}`);
  writeFileSync(join(directory, VERSION_FILE), newer);
  return {
    run: (workplace, args, env) =>
      new Promise((resolve) => {
        const options = { cwd: workplace.directory, env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', NO_COLOR: '1', ...env } };
        const child = execFile(process.execPath, [join(directory, 'src/cli.ts'), ...args], options, (_, stdout, stderr) => {
          resolve({ code: child.exitCode, stdout, stderr });
        });
      }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
