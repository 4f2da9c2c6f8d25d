import test from 'ava';
import { chunksNamed, createChunks, draftChunks, textOfChunk, wrongChunks } from './harness/chunks.ts';
import { OLD_MODEL } from './harness/documents.ts';
import { createWorkerRole } from './harness/roles.ts';
import { createStage, type Stage } from './harness/stage.ts';

const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

let stage: Stage;
const chunks = chunksNamed('known');
const joins = chunks.textFrom.flatMap((join) => ['--text-from', join]);

test.before(async () => {
  stage = await createStage();
  await createChunks(stage.db.pool, 60, chunks);
});
test.after.always(() => stage.close());

test.serial('compare embeds the text of joined tables', async (t) => {
  const { pool } = stage.db;
  const { code, stdout, stderr } = await stage.workplace.run([
    ...['compare', '--table', chunks.embedding, ...joins, '--text', chunks.text.join(','), '--from', OLD_MODEL],
    ...['--models', 'new-model', '--sample', '60', '--yes', '--json'],
  ]);
  t.is(code, 0, stderr);
  t.is(JSON.parse(stdout).sampledRows, 60);
  const { rows } = await pool.query<{ text: string }>(`SELECT ${textOfChunk(chunks)} AS text FROM ${chunks.embedding}`);
  const sent = new Set(stage.provider.requests.filter(({ model }) => model === 'new-model').flatMap(({ input }) => input));
  t.deepEqual(
    rows.filter(({ text }) => !sent.has(text)),
    [],
    'the texts of the rows, title and body, were sent',
  );
});

test.serial('compare refuses a text that reads another table by a subquery, as create does', async (t) => {
  const { code, stderr } = await stage.workplace.run([
    ...['compare', '--table', chunks.embedding, '--text-sql', `(SELECT c.body FROM public.${chunks.chunk} AS c WHERE c.id = chunk_id)`],
    ...['--from', OLD_MODEL, '--models', 'new-model', '--yes'],
  ]);
  t.is(code, 1, stderr);
  t.regex(stderr, /\[text_reads_table\]/);
});

test.serial('doctor counts the rows without a text, and names the joined tables and the index that a change of them needs', async (t) => {
  const { pool } = stage.db;
  await pool.query(`DROP INDEX ${chunks.embedding}_chunk_id_idx`);
  const args = ['doctor', '--table', chunks.embedding, ...joins, '--text', chunks.text.join(','), '--from', OLD_MODEL, '--json'];
  const { stdout, stderr } = await stage.workplace.run(args);
  t.notThrows(() => JSON.parse(stdout), stderr);
  const { inventory, findings } = JSON.parse(stdout);
  const codes = inventory.findings.map(({ code }: { code: string }) => code);
  t.deepEqual(
    ['joined-table', 'joined-without-index'].filter((code) => !codes.includes(code)),
    [],
    JSON.stringify(codes),
  );
  t.like(
    findings.find(({ name }: { name: string }) => name === 'stored vectors'),
    { level: 'ok' },
    'the stored vectors agree with the joined text',
  );
  await pool.query(`CREATE INDEX ON ${chunks.embedding} (chunk_id)`);
});

test.serial('doctor refuses a join that create would refuse', async (t) => {
  const join = `public.${chunks.chunk} AS c ON c.document_id = t.chunk_id`;
  const { code, stderr } = await stage.workplace.run(['doctor', '--table', chunks.embedding, '--text-from', join, '--text', 'c.body']);
  t.is(code, 1);
  t.regex(stderr, /\[join_not_unique\]/);
});

onServer('a worker role without any right on the tables embeds the text of joined tables', async (t) => {
  const { pool } = stage.db;
  const campaign = await draftChunks(stage, chunks, 'column');
  await stage.bring(campaign, 'expand');
  const role = await createWorkerRole(t, stage.db);
  const work = () => stage.workplace.run(['worker', '--drain'], { DATABASE_URL: role.url });
  await stage.up();
  const first = await work();
  t.is(first.code, 0, first.stderr);
  await pool.query(`UPDATE ${chunks.document} SET title = 'another title' WHERE id = 2; DELETE FROM ${chunks.chunk} WHERE id = 1`);
  const second = await work();
  t.is(second.code, 0, second.stderr);
  t.deepEqual(await wrongChunks(pool, chunks, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  for (const table of [chunks.embedding, chunks.chunk, chunks.document]) {
    const { rows } = await pool.query('SELECT has_any_column_privilege($1, $2, $3) AS may', [role.name, table, 'SELECT']);
    t.deepEqual(rows, [{ may: false }], table);
  }
  const { stdout } = await stage.workplace.run(['doctor'], { DATABASE_URL: role.url });
  t.notRegex(stdout, /lacks rights that a worker needs/);
  await stage.bring(campaign, 'none');
});
