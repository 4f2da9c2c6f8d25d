import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeFiles } from '../src/phases/files.ts';

test('the files of a campaign are written all or not at all, and the reason is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reembed-files-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'a-file'), '');
  const files = ['first.js', 'second.js', 'a-file/third.js'].map((name) => ({ path: join(folder, name), text: 'text' }));
  t.throws(() => writeFiles(files), { code: 'files_unwritable', message: /third\.js cannot be written: (ENOTDIR|EEXIST)/ });
  t.deepEqual(readdirSync(folder), ['a-file']);
  writeFiles(files.slice(0, 2));
  t.deepEqual(readdirSync(folder), ['a-file', 'first.js', 'second.js']);
});
