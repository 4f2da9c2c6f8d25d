import test from 'ava';
import { removeCampaigns, startCampaign } from './harness/campaign.ts';
import { NEW_DIMENSIONS, NEW_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);

/** Texts that were sent to the provider, each as often as it was. */
function sent(requests: { input: string[] }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of requests.flatMap(({ input }) => input)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

for (const storage of ['column', 'side-table'] as const) {
  test.serial(`a text that many rows have is embedded once, whichever batches they are in: ${storage}`, async (t) => {
    const table = storage === 'column' ? 'pages' : 'leaves';
    const campaign = await startCampaign(stage, table, {
      rows: 600,
      fill: () =>
        sql(
          `UPDATE ${table} SET content = 'the same footer everywhere' WHERE id % 3 = 0; UPDATE ${table} SET content = 'header ' || id % 2 WHERE id % 5 = 0`,
        ),
      request: { storage },
    });
    const distinct = await campaign.ask<number>(`SELECT count(DISTINCT content)::int FROM ${table}`);
    t.true((await campaign.ask<number>('SELECT count(*)::int FROM reembed.batch')) > 5);
    const { code, stderr } = await stage.workplace.run(['worker', '--drain']);
    t.is(code, 0, stderr);
    const counts = sent(campaign.requests(NEW_MODEL));
    t.is(counts.size, distinct);
    t.deepEqual(
      [...counts].filter(([, count]) => count > 1),
      [],
    );
    const beside = `(SELECT side.embedding FROM ${table}_new_model_vectors AS side WHERE side.id = ${table}.id)`;
    t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: storage === 'column' ? 'embedding_v2' : beside }), []);
    t.is(await campaign.ask("SELECT sum(embedded_rows)::int FROM reembed.batch WHERE state = 'done'"), 600);
  });
}

test.serial('where the row that was to be embedded for the others changed or is gone, one of them is embedded instead', async (t) => {
  const campaign = await startCampaign(stage, 'posts', {
    rows: 200,
    fill: () => sql("UPDATE posts SET content = CASE WHEN id IN (1, 100, 199) THEN 'shared' ELSE content END"),
  });
  const { rows } = await sql('SELECT min(batch)::int AS owner FROM reembed.repeated_text');
  t.is(rows[0].owner, 1);
  await sql("UPDATE posts SET content = 'not shared any more' WHERE id = 1");
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'posts', oldColumn: 'embedding', newColumn: 'embedding_v2' }), [
    '100 old',
    '199 old',
  ]);
  t.true((sent(campaign.requests()).get('shared') ?? 0) >= 1);
});

test.serial('the vectors that are kept for others are of the texts they are kept for, and go when the backfill is over', async (t) => {
  const campaign = await startCampaign(stage, 'copies', {
    rows: 200,
    fill: () => sql("UPDATE copies SET content = 'copy ' || id % 7 WHERE id > 20"),
  });
  await stage.work();
  const wrong = await sql(
    `SELECT FROM reembed.repeated_text AS r WHERE r.vector IS DISTINCT FROM (SELECT c.embedding_v2 FROM copies AS c WHERE reembed.text_digest(c.content) = r.text_digest LIMIT 1)`,
  );
  t.is(wrong.rowCount, 0);
  t.true((await campaign.ask<number>('SELECT count(*)::int FROM reembed.repeated_text')) > 0);
  await stage.bring(campaign.name, 'index');
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.repeated_text'), 0);
});

test.serial('two texts with the same MD5 are embedded separately', async (t) => {
  // By Marc Stevens, 2024; they differ in one letter.
  const [one, other] = ['A', 'E'].map((letter) => `TEXTCOLLBYfGiJUETHQ4h${letter}cKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak`);
  await startCampaign(stage, 'twins', {
    rows: 200,
    fill: () =>
      sql(`UPDATE twins SET content = CASE WHEN id IN (1, 199) THEN '${one}' WHEN id IN (2, 200) THEN '${other}' ELSE content END`),
  });
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'twins', newColumn: 'embedding_v2' }), []);
});

test.serial('batches that have texts of each other do not wait for each other for ever', async (t) => {
  const campaign = await startCampaign(stage, 'crossed', {
    rows: 200,
    fill: async () => {
      await sql(`UPDATE crossed SET content = CASE WHEN id IN (1, 100) THEN 'refused, first' WHEN id IN (101, 199) THEN 'refused, second' ELSE content END;
        DELETE FROM crossed WHERE id BETWEEN 10 AND 20`);
      // Room in the first page, so that a row that changes there stays in its batch.
      await sql('VACUUM crossed');
    },
  });
  await sql("UPDATE crossed SET content = 'refused, second' WHERE id = 2");
  t.is(await campaign.ask('SELECT count(DISTINCT (ctid::text::point)[0])::int FROM crossed WHERE id IN (1, 2)'), 1);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.repeated_text'), 2);
  stage.provider.script = ({ input }) => (input.some((text) => text.startsWith('refused')) ? { status: 400 } : undefined);
  for (let round = 0; round < 4; round++) await stage.work();
  t.is(await campaign.ask("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending'"), 0);
  t.is(await campaign.ask(`SELECT count(*)::int FROM reembed.failed_row WHERE model = '${NEW_MODEL}'`), 5);
});

test.serial('a text whose vector comes while a batch is about to read its rows is not embedded again', async (t) => {
  const campaign = await startCampaign(stage, 'late', {
    rows: 200,
    fill: () => sql("UPDATE late SET content = CASE WHEN id IN (1, 199) THEN 'shared' ELSE content END"),
  });
  await sql(`UPDATE reembed.repeated_text SET vector = array_fill(1, ARRAY[${NEW_DIMENSIONS}])::real[]::vector`);
  await stage.work();
  t.is(sent(campaign.requests()).get('shared'), 1, 'for the row that was to be embedded for the others, and for no other');
  t.is(await campaign.ask("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending'"), 0);
});
