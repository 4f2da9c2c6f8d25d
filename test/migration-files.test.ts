import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { listMigrationFiles } from '../src/database/migration-file.ts';

const CAMPAIGN = '20990101000000000_documents_embedding_to_new_model.1_expand';
const OTHERS = '20990101000000001_others_embedding_to_new_model.1_expand';

test('campaigns in the folder of the toolkit are left alone by a database whose files are elsewhere', (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'reembed-files-'));
  t.teardown(() => rmSync(parent, { recursive: true }));
  const [own, elsewhere] = [join(parent, 'own'), join(parent, 'elsewhere')];
  for (const folder of [own, elsewhere]) mkdirSync(folder);
  for (const name of ['0001_reembed', CAMPAIGN]) writeFileSync(join(own, `${name}.js`), '');
  writeFileSync(join(elsewhere, `${OTHERS}.js`), '');

  const names = (folder: string) => listMigrationFiles(folder, own).map(({ name }) => name);
  t.deepEqual(names(own), ['0001_reembed', CAMPAIGN]);
  t.deepEqual(names(elsewhere), ['0001_reembed', OTHERS]);
});
