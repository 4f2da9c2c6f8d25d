import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import pg from 'pg';
import { listMigrationFiles, type MigrationFile } from '../src/database/migration-file.ts';
import { runMigrationFile } from '../src/database/migration-runner.ts';
import { createTestDatabase } from './harness/database.ts';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;
let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);

/** What the contract file of a campaign had in `up` before the archive was made without a transaction around it. */
function formerContract(text: string): string {
  const [, name] = /begin_archive\('([^']+)'\)/.exec(text) ?? [];
  const [change = ''] = /PERFORM reembed\.drop_view[\s\S]*?enter_contract\('[^']+'\);/.exec(text) ?? [];
  const [, target] = /lock_target\('([^']+)'\)/.exec(text) ?? [];
  const statements = change.replace(/ *PERFORM reembed\.finish_archive.*\n/, '').replaceAll('PERFORM ', 'SELECT ');
  return `export const up = (pgm) => {
  pgm.sql(\`SET LOCAL lock_timeout = '300ms';
SELECT reembed.require_gate('${name}', 'contract');
SELECT reembed.archive_old_vectors('${name}');
SELECT reembed.lock_target('${target}');
SELECT reembed.archive_late_changes('${name}');
${statements}\`);
};
${text.slice(text.indexOf('\nexport const down'))}`;
}

test.serial('a campaign whose files an earlier version wrote is contracted and comes back', async (t) => {
  await createDocuments(stage.db.pool, 200);
  const campaign = await stage.createUsual();
  const path = join(stage.workplace.directory, 'migrations', `${campaign}.5_contract.js`);
  writeFileSync(path, formerContract(readFileSync(path, 'utf8')));
  await stage.bring(campaign, 'switch');
  await sql("UPDATE documents SET content = 'changed since' WHERE id <= 3");
  await stage.bring(campaign, 'contract');
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding' }), ['1 new', '2 new', '3 new']);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding' }), []);
  await stage.bring(campaign, 'switch');
  const { rows } = await sql('SELECT count(*)::int AS lacking FROM documents WHERE embedding IS NULL');
  t.is(rows[0].lacking, 3, 'a vector of a former text came back');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('down takes back a campaign that was there before an upgrade, and then what the upgrade brought', async (t) => {
  const { rows } = await sql("SELECT name FROM reembed.schema_migration WHERE name LIKE '%.1_expand'");
  const campaign = rows[0].name.replace('.1_expand', '');
  await stage.bring(campaign, 'expand');
  await sql("UPDATE reembed.schema_migration SET run_on = clock_timestamp() WHERE name ~ '^000[3-9]'");
  await stage.down();
  t.is((await sql('SELECT FROM reembed.migration')).rowCount, 0);
  await stage.down();
  t.is((await sql("SELECT FROM reembed.schema_migration WHERE name ~ '^0006'")).rowCount, 0);
});

testOnServer?.('no write of the application fails while notes become a log', async (t) => {
  const db = await createTestDatabase();
  const [upgrade, application] = [new pg.Client(db.url), new pg.Client(db.url)];
  try {
    const database = { pool: db.pool, url: db.url, embedded: false, directory: '', close: async () => {} };
    const [tables, queue, notes] = listMigrationFiles('none') as [MigrationFile, MigrationFile, MigrationFile];
    for (const file of [tables, queue]) await runMigrationFile(database, file, 'up', () => {});
    await createDocuments(db.pool, 10);
    await db.pool.query(`
      INSERT INTO reembed.target VALUES ('public.documents.embedding', 'documents', 'embedding', '{id}', '{content}', 'content', 'documents_live', 'model');
      CREATE FUNCTION reembed.note_public_documents_embedding_fded1d() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO reembed.stale_row AS s (target, key, needs_new, needs_old)
        VALUES ('public.documents.embedding', jsonb_build_object('id', NEW.id), true, false)
        ON CONFLICT (target, key) DO UPDATE SET version = excluded.version;
        RETURN NULL;
      END $$;
      CREATE TRIGGER note AFTER UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION reembed.note_public_documents_embedding_fded1d();`);
    await Promise.all([upgrade.connect(), application.connect()]);
    const statements: string[] = [];
    const { up } = (await import(notes.path)) as { up(builder: { sql(text: string): void }): void };
    up({ sql: (text) => statements.push(text) });
    await upgrade.query(`BEGIN; ${statements.join(';')}`);
    const write = application.query("UPDATE documents SET content = 'meanwhile' WHERE id = 1");
    const outcome = write.then(() => 'written', String);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await upgrade.query('COMMIT');
    t.is(await outcome, 'written');
    t.is((await db.pool.query('SELECT FROM reembed.stale_row')).rowCount, 1);
  } finally {
    await Promise.all([upgrade.end(), application.end()]);
    await db.close();
  }
});
