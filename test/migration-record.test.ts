import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { listMigrationFiles, MARKER, type MigrationFile } from '../src/database/migration-file.ts';
import { readMigrationState, runMigrationFile } from '../src/database/migration-runner.ts';
import { advance } from '../src/phases/advance.ts';
import { createTestDatabase } from './harness/database.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let directory: string;

test.before(async () => {
  stage = await createBareStage();
  directory = mkdtempSync(join(tmpdir(), 'reembed-record-'));
  await advance(stage.database, { directory: 'none', notice: () => {} });
});
test.afterEach.always(() => stage.db.pool.query("DELETE FROM reembed.schema_migration WHERE name LIKE '2099%'"));
test.after.always(async () => {
  rmSync(directory, { recursive: true });
  await stage.close();
});

/** A campaign file that makes a table of that name. */
function write(table: string, { transaction }: { transaction: boolean }): MigrationFile {
  const name = `20990101000000000_${table}.${transaction ? '1_expand' : '3_index'}`;
  writeFileSync(
    join(directory, `${name}.js`),
    `${MARKER}\nexport const up = (pgm) => { ${transaction ? '' : 'pgm.noTransaction(); '}pgm.sql('CREATE TABLE public.${table} ()'); };\n`,
  );
  const file = listMigrationFiles(directory).find((candidate) => candidate.name === name);
  if (!file) throw new Error(`${name} is not listed`);
  return file;
}

const digestOf = async (name: string): Promise<string | null> =>
  (await stage.db.pool.query('SELECT sha256 FROM reembed.schema_migration WHERE name = $1', [name])).rows[0]?.sha256;

test.serial('the digest of the first migration of all is committed with its row', async (t) => {
  const db = await createTestDatabase();
  try {
    const [first] = listMigrationFiles('none') as [MigrationFile];
    await runMigrationFile({ ...stage.database, pool: db.pool, url: db.url }, first, 'up', () => {});
    const { rows } = await db.pool.query(
      "SELECT m.sha256, m.xmin = c.xmin AS same FROM reembed.schema_migration AS m, pg_class AS c WHERE c.oid = 'reembed.provider_quota'::regclass",
    );
    t.deepEqual(rows, [{ sha256: first.sha256, same: true }]);
  } finally {
    await db.close();
  }
});

/** Runs a file in a session that ends with its commit, and edits the file. */
async function crashAfterCommit(t: ExecutionContext, file: MigrationFile): Promise<void> {
  await stage.db.pool.query(`
    CREATE FUNCTION public.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
    CREATE TRIGGER crash BEFORE UPDATE ON reembed.schema_migration FOR EACH STATEMENT EXECUTE FUNCTION public.crash();`);
  try {
    await runMigrationFile(stage.database, file, 'up', () => {}).catch(() => {});
  } finally {
    await stage.db.pool.query('DROP FUNCTION public.crash() CASCADE');
  }
  appendFileSync(file.path, '// edited\n');
  await t.throwsAsync(readMigrationState(stage.db.pool, directory), { code: 'migration_file_edited' });
  t.is(await digestOf(file.name), file.sha256);
}

test.serial('a file that is edited after a crash that followed its commit is refused', async (t) => {
  await crashAfterCommit(t, write('crash_in_transaction', { transaction: true }));
});

test.serial('a file without a transaction that is edited after a crash that followed its last statement is refused', async (t) => {
  await crashAfterCommit(t, write('crash_outside', { transaction: false }));
});

test.serial('a file that is on record without a digest is refused until its digest is recorded', async (t) => {
  const file = write('no_digest', { transaction: true });
  await runMigrationFile(stage.database, file, 'up', () => {});
  await stage.db.pool.query('UPDATE reembed.schema_migration SET sha256 = NULL WHERE name = $1', [file.name]);
  const error = await t.throwsAsync<Error & { remedy: string }>(readMigrationState(stage.db.pool, directory), {
    code: 'migration_file_unverified',
    message: /no_digest\.1_expand ran, but its digest was not recorded/,
  });
  const [, repair = ''] = /: (UPDATE .+)$/.exec(error?.remedy ?? '') ?? [];
  await stage.db.pool.query(repair);
  const { applied } = await readMigrationState(stage.db.pool, directory);
  t.is(applied.at(-1)?.name, file.name);
});
