import test from 'ava';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const LIMIT = 20_000;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);
const longest = () => Math.max(0, ...stage.provider.requests.flatMap(({ input }) => input.map((text) => Buffer.byteLength(text))));

const SOURCES = [
  { source: 'a column', request: {}, text: 'content' },
  { source: 'two columns', request: { text: ['content', 'title'] }, text: "concat_ws(E'\\n', content, title)" },
  { source: 'an expression', request: { textSql: "title || ' ' || content" }, text: "title || ' ' || content" },
] as const;

for (const storage of ['column', 'side-table'] as const) {
  for (const [number, { source, request, text }] of SOURCES.entries()) {
    test.serial(`a text that is too long never leaves the database: ${source}, vectors in a ${storage}`, async (t) => {
      const table = `long_${storage.replace('-', '_')}_${number}`;
      const target = `public.${table}.embedding`;
      const failures = async () => {
        const { rows } = await sql(
          `SELECT key ->> 'id' AS id, model, class, message FROM reembed.failed_row WHERE target = '${target}' ORDER BY 1, 2`,
        );
        return rows;
      };
      await createDocuments(stage.db.pool, 40, { table });
      await sql(`ALTER TABLE ${table} ADD COLUMN title text NOT NULL DEFAULT 'a title'`);
      const tooLong = (id: number) => `UPDATE ${table} SET content = repeat('ä ', ${LIMIT}) WHERE id = ${id}`;
      await sql(`ALTER TABLE ${table} ALTER content SET STORAGE EXTERNAL`);
      // One is met by a batch, the other as a change.
      await sql(tooLong(3));
      const campaign = await stage.draft({ table, storage, ...('text' in request ? { text: [...request.text] } : request) });
      await stage.bring(campaign, 'expand');
      await sql(`UPDATE reembed.setting SET max_text_bytes = ${LIMIT} WHERE target = '${target}'`);
      await sql(tooLong(4));
      stage.provider.requests.length = 0;
      await stage.bring(campaign, 'backfill');
      await stage.work();
      const bytes = (await sql(`SELECT octet_length(${text})::int AS bytes FROM ${table} WHERE id = 3`)).rows[0].bytes;
      t.true(bytes > LIMIT);
      const failed = { class: 'text_too_large', message: `the text has ${bytes} bytes, max_text_bytes is ${LIMIT}` };
      t.deepEqual(
        (await failures()).filter(({ model }) => model === 'new-model'),
        ['3', '4'].map((id) => ({ id, model: 'new-model', ...failed })),
      );
      t.regex(
        (await sql(`SELECT string_agg(reason, E'\\n') AS reasons FROM reembed.health WHERE target = '${target}'`)).rows[0].reasons,
        /2 rows failed with text_too_large, the first with key \{"id": [34]\}; shorten the text, or raise max_text_bytes and run npm run retry/,
      );
      t.is(longest(), Math.min(longest(), LIMIT), 'no provider saw it');

      await sql(`UPDATE ${table} SET content = 'short' WHERE id = 3`);
      await sql(
        `UPDATE reembed.setting SET max_text_bytes = ${LIMIT * 10} WHERE target = '${target}'; SELECT reembed.retry_failed('${target}')`,
      );
      await stage.work();
      t.deepEqual(await failures(), [], 'shortened, or within the new limit');
      await sql(
        `UPDATE reembed.setting SET max_text_bytes = ${LIMIT}, max_failed_rows = 9 WHERE target = '${target}'; UPDATE ${table} SET content = 'short' WHERE id = 4`,
      );
      await stage.work();

      await stage.bring(campaign, 'switch');
      stage.provider.requests.length = 0;
      await sql(tooLong(5));
      await stage.work();
      t.deepEqual(
        await failures(),
        [
          { id: '5', model: 'new-model', ...failed },
          { id: '5', model: 'old-model', ...failed },
        ].sort((a, b) => (a.model < b.model ? -1 : 1)),
      );
      t.is(
        (await sql(`SELECT FROM ${table}_live WHERE id = 5 AND embedding IS NOT NULL`)).rowCount,
        0,
        'no vector of the former text is left',
      );
      t.is((await sql(`SELECT FROM ${table} WHERE id = 5 AND embedding IS NULL`)).rowCount, 1);
      t.is((await sql(`SELECT FROM reembed.change WHERE target = '${target}'`)).rowCount, 0, 'nothing waits');
      t.is(longest(), Math.min(longest(), LIMIT), 'no provider saw it');
      await sql(`UPDATE ${table} SET content = 'short again' WHERE id = 5`);
      await stage.work();
      t.deepEqual(await failures(), []);
      if (storage === 'column')
        t.deepEqual(
          // Of the rows that were never written the old vector is of the column alone.
          (await wrongRows(stage.db.pool, { table, text, oldColumn: 'embedding', newColumn: 'embedding_v2' })).filter((row) =>
            /^[345] | new$/.test(row),
          ),
          [],
        );
      else t.is((await sql(`SELECT FROM ${table}_live WHERE id = 5 AND embedding IS NOT NULL`)).rowCount, 1);
    });
  }
}

test.serial('a text that is too long is not sent to the worker, and a long text in TOAST is not fetched', async (t) => {
  await createDocuments(stage.db.pool, 10, { table: 'huge' });
  await sql('ALTER TABLE huge ALTER content SET STORAGE EXTERNAL');
  await sql("UPDATE huge SET content = repeat('long ', 1000000) WHERE id = 2");
  const campaign = await stage.draft({ table: 'huge' });
  await stage.bring(campaign, 'expand');
  const { rows } = await sql("SELECT suffix FROM reembed.target WHERE name = 'public.huge.embedding'");
  const read = `SELECT key::jsonb ->> 'id' AS id, length(content) AS length, text_hash, too_many_bytes FROM reembed.read_batch_${rows[0].suffix}('huge', '(0,1)', '(1000,1)', NULL, '{}', true, 1048576)`;
  const all = await sql(read);
  t.is(all.rows.length, 10);
  t.deepEqual(
    all.rows.filter(({ too_many_bytes }) => too_many_bytes !== null),
    [{ id: '2', length: null, text_hash: '-5000000', too_many_bytes: '5000000' }],
  );
  const client = await stage.db.pool.connect();
  try {
    const toastReads = async () =>
      Number(
        (
          await client.query(
            `SELECT pg_stat_get_blocks_fetched(c.reltoastrelid) + pg_stat_get_xact_blocks_fetched(c.reltoastrelid) AS blocks FROM pg_class AS c WHERE c.oid = 'huge'::regclass`,
          )
        ).rows[0].blocks,
      );
    await client.query('BEGIN');
    const before = await toastReads();
    await client.query(read);
    t.true((await toastReads()) - before < 100, '5 MB are 600 blocks');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});
