import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { listCampaignFiles, listMigrationFiles, MARKER } from '../src/database/migration-file.ts';

const CAMPAIGN = '20990101000000000_documents_embedding_to_new_model.1_expand';
const OTHERS = '20990101000000001_others_embedding_to_new_model.1_expand';

const FOREIGN = [
  '1700000000000_reset-users.js',
  '20990101000000002_documents_embedding_to_new_model.1_expand.js',
  '20990101000000003_documents_embedding_to_new_model.1_expand.js',
  '20990101000000004_drop.sql',
];

test('a folder may hold migrations of the application and links, which are named and never listed to be run', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reembed-files-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [reset = '', unmarked = '', link = '', sql = ''] = FOREIGN;
  writeFileSync(join(folder, `${CAMPAIGN}.js`), `${MARKER}\n`);
  writeFileSync(join(folder, reset), `${MARKER}\n`);
  writeFileSync(join(folder, unmarked), 'export const up = () => {};\n');
  symlinkSync(join(folder, `${CAMPAIGN}.js`), join(folder, link));
  writeFileSync(join(folder, sql), '');
  writeFileSync(join(folder, 'notes.txt'), '');
  const { files, foreign } = listCampaignFiles(folder);
  t.deepEqual(
    files.map(({ name }) => name),
    [CAMPAIGN],
  );
  t.deepEqual(foreign.sort(), FOREIGN);
});

test('migrations that the toolkit has of its own are listed before the campaigns of a folder', (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'reembed-files-'));
  t.teardown(() => rmSync(parent, { recursive: true }));
  const [own, elsewhere] = [join(parent, 'own'), join(parent, 'elsewhere')];
  for (const folder of [own, elsewhere]) mkdirSync(folder);
  for (const name of ['0001_reembed', CAMPAIGN]) writeFileSync(join(own, `${name}.js`), `${MARKER}\n`);
  writeFileSync(join(elsewhere, `${OTHERS}.js`), `${MARKER}\n`);

  const names = (folder: string) => listMigrationFiles(folder, own).map(({ name }) => name);
  // Campaigns that were written to the toolkit's own folder are of another database, when the user's is elsewhere.
  t.deepEqual(names(elsewhere), ['0001_reembed', OTHERS]);
  t.deepEqual(names(own), ['0001_reembed', CAMPAIGN]);
});
