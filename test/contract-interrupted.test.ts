import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { createDocuments, OLD_DIMENSIONS, OLD_MODEL, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };
const ROWS = 600;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, ROWS);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);
const own = (text: string) => `'${vectorText(vectorOf(OLD_MODEL, text, OLD_DIMENSIONS))}'`;
const archives = async () =>
  (
    await sql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'reembed'::regnamespace AND relkind = 'r' AND relname LIKE 'archive%' ORDER BY 1",
    )
  ).rows.map(({ relname }) => relname as string);

/** Contract as far as it comes while something else keeps the column from being dropped. */
async function contractHalfway(): Promise<void> {
  await sql("UPDATE reembed.setting SET soak = '0'");
  await sql(`SELECT reembed.begin_archive('${campaign}')`);
  await sql(`CALL reembed.copy_to_archive('${campaign}')`);
}

test.serial('a contract that was interrupted after its copy goes on, with what the application wrote meanwhile', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  await contractHalfway();
  await sql(`INSERT INTO documents (id, content, embedding) VALUES (9001, 'written meanwhile', ${own('written meanwhile')})`);
  await sql(
    `UPDATE documents SET content = 'changed meanwhile', embedding = ${own('changed meanwhile')} WHERE id = 5; UPDATE documents SET id = 9002 WHERE id = 6; DELETE FROM documents WHERE id = 7`,
  );
  await stage.work();
  await stage.bring(campaign, 'contract');
  t.is((await archives()).length, 1);
  t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed_late%'")).rowCount, 0);
  await stage.bring(campaign, 'switch');
  // Before any worker comes: all of it is out of the archive.
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a contract that was interrupted may be taken back, and a later one misses nothing of what was written between', async (t) => {
  await contractHalfway();
  t.is((await archives()).length, 1);
  await stage.bring(campaign, 'index');
  t.deepEqual(await archives(), []);
  await sql(
    `UPDATE documents SET content = 'between', embedding = ${own('between')} WHERE id = 8; INSERT INTO documents (id, content) VALUES (9003, 'between too')`,
  );
  await stage.work();
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'switch');
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  await stage.bring(campaign, 'none');
  t.is((await sql("SELECT FROM pg_trigger WHERE tgrelid = 'documents'::regclass AND NOT tgisinternal")).rowCount, 0);
  t.is(
    (await sql("SELECT FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname LIKE '%public_documents_embedding_fded1d'"))
      .rowCount,
    0,
  );
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('while contract waits for its lock the archive is not copied again', async (t) => {
    await stage.bring(campaign, 'switch');
    await stage.work();
    await sql("UPDATE reembed.setting SET soak = '0'");
    const reader = new pg.Client({ connectionString: stage.db.url });
    await reader.connect();
    await reader.query('BEGIN; SELECT FROM documents LIMIT 1');
    const contracting = stage.workplace.run(['migrate', 'up', '1']);
    const file = async () =>
      (
        await sql(
          "SELECT max(pg_relation_filenode(oid)) AS file, count(*)::int AS count FROM pg_class WHERE relnamespace = 'reembed'::regnamespace AND relname ~ '^archive.*[0-9a-f]{6}$' AND relkind = 'r'",
        )
      ).rows[0];
    for (let waiting = false; !waiting; await sleep(20)) {
      waiting =
        ((await sql("SELECT FROM pg_locks WHERE relation = 'documents'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted"))
          .rowCount ?? 0) > 0;
    }
    const before = await file();
    t.is(before.count, 1);
    await sleep(1500);
    await reader.query('COMMIT');
    const { code, stderr } = await contracting;
    t.is(code, 0, stderr);
    t.regex(stderr, /a lock was not granted in time/);
    t.deepEqual(await file(), before);
    await reader.end();
  });
}
