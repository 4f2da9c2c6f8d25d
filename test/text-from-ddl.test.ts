import test from 'ava';
import { type Chunks, chunksNamed, createChunks, draftChunks, wrongChunks } from './harness/chunks.ts';
import { wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** A campaign whose backfill is done, on tables of that name. */
async function begin(name: string): Promise<{ chunks: Chunks; campaign: string }> {
  const chunks = chunksNamed(name);
  await createChunks(stage.db.pool, 30, chunks);
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'backfill');
  await stage.work();
  return { chunks, campaign };
}

const damages = async () => (await sql('SELECT code FROM reembed.damage ORDER BY 1')).rows.map(({ code }) => code);
const waiting = async () => (await sql('SELECT FROM reembed.change')).rowCount;

test.serial('after a rename of columns and of the joined tables, writes go on and their texts are embedded', async (t) => {
  const { chunks, campaign } = await begin('renamed');
  const held = await stage.db.pool.connect();
  await held.query(`UPDATE ${chunks.chunk} SET body = 'before' WHERE id = 1`);
  await sql(`ALTER TABLE ${chunks.chunk} RENAME id TO "the chunk"; ALTER TABLE ${chunks.chunk} RENAME body TO words;
    ALTER TABLE ${chunks.document} RENAME title TO headline; ALTER TABLE ${chunks.embedding} RENAME chunk_id TO of_chunk;
    ALTER TABLE ${chunks.document} RENAME TO renamed_elsewhere`);
  await held.query(`UPDATE ${chunks.chunk} SET words = 'after' WHERE "the chunk" = 2`);
  held.release();
  await sql(`UPDATE ${chunks.chunk} SET words = 'from another session' WHERE "the chunk" = 3; UPDATE renamed_elsewhere SET headline = 'new' WHERE id = 4;
    INSERT INTO ${chunks.chunk} ("the chunk", words) VALUES (500, 'x'); DELETE FROM ${chunks.chunk} WHERE "the chunk" = 5`);
  const text = `(SELECT concat_ws(E'\\n', d.headline, c.words) FROM (SELECT) AS one LEFT JOIN ${chunks.chunk} AS c ON c."the chunk" = ${chunks.embedding}.of_chunk LEFT JOIN renamed_elsewhere AS d ON d.id = c.document_id)`;
  const right = async (when: string) => {
    await stage.work();
    t.deepEqual(
      await wrongRows(stage.db.pool, { table: chunks.embedding, text, oldColumn: 'embedding', newColumn: 'embedding_v2' }),
      [],
      when,
    );
    t.deepEqual(await damages(), [], when);
  };
  await right('at once');
  await stage.bring(campaign, 'switch');
  await sql(`UPDATE ${chunks.chunk} SET words = 'after the switch' WHERE "the chunk" = 6`);
  await right('after the objects were compiled again');
  await stage.bring(campaign, 'none');
});

test.serial('when a joined column is dropped, no write fails and the damage is named', async (t) => {
  const { chunks } = await begin('dropped');
  await t.throwsAsync(sql(`ALTER TABLE ${chunks.chunk} DROP COLUMN body`), { code: '2BP01' });
  await sql(`ALTER TABLE ${chunks.chunk} DROP COLUMN body CASCADE`);
  await sql(`UPDATE ${chunks.chunk} SET note = 'x' WHERE id = 1; INSERT INTO ${chunks.chunk} (id) VALUES (600); DELETE FROM ${chunks.chunk} WHERE id = 2;
    UPDATE ${chunks.chunk} SET id = 601 WHERE id = 3; UPDATE ${chunks.document} SET title = 'x' WHERE id = 1; UPDATE ${chunks.embedding} SET chunk_id = 4 WHERE id = 5`);
  t.true((await damages()).includes('dropped_column'));
  await sql(`SELECT reembed.forget('public.${chunks.embedding}.embedding')`);
  t.deepEqual(await damages(), []);
  t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed%'")).rowCount, 0);
});

test.serial('damage to what guards the joined tables is named, and rehook repairs it', async (t) => {
  const { chunks, campaign } = await begin('damaged');
  const { rows } = await sql("SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname LIKE 'zz_reembed_join_update%'", [
    chunks.chunk,
  ]);
  await sql(`DROP TRIGGER ${rows[0].tgname} ON ${chunks.chunk}`);
  t.deepEqual(await damages(), ['no_join_trigger']);
  t.true((await sql("SELECT FROM reembed.health WHERE reason LIKE '%no longer%' OR reason LIKE '%missing, disabled%'")).rowCount !== 0);
  await sql(`SELECT reembed.rehook('${chunks.embedding}')`);
  t.deepEqual(await damages(), []);
  await sql(`ALTER TABLE ${chunks.document} DROP CONSTRAINT ${chunks.document}_pkey`);
  t.deepEqual(await damages(), ['join_not_unique']);
  await sql(`ALTER TABLE ${chunks.document} ADD PRIMARY KEY (id)`);
  t.deepEqual(await damages(), []);
  await stage.bring(campaign, 'none');
});

test.serial('unhook lets the type of a joined column change, and waiting changes survive it', async (t) => {
  const { chunks, campaign } = await begin('retyped');
  await sql(`UPDATE ${chunks.document} SET title = 'waits' WHERE id = 2`);
  await t.throwsAsync(sql(`ALTER TABLE ${chunks.document} ALTER id TYPE bigint`));
  await sql(`BEGIN; SELECT reembed.unhook('${chunks.embedding}'); ALTER TABLE ${chunks.document} ALTER id TYPE bigint; ALTER TABLE ${chunks.chunk} ALTER body TYPE text;
    SELECT reembed.rehook('${chunks.embedding}'); COMMIT`);
  t.is(await waiting(), 1);
  await sql(`UPDATE ${chunks.document} SET title = 'after' WHERE id = 3`);
  await stage.work();
  t.deepEqual(await wrongChunks(stage.db.pool, chunks, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.deepEqual(await damages(), []);
  await stage.bring(campaign, 'none');
});
