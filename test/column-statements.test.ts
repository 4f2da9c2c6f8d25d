import test from 'ava';
import { openConditions } from '../src/phases/advance.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Statements are counted by pg_stat_statements, which .ci/postgres loads; the embedded database has none.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

const SEARCH = 'SELECT id FROM documents ORDER BY embedding <=> (SELECT embedding FROM documents WHERE id = 1) LIMIT 3';

let stage: Stage;
let campaign: string;

const sql = (text: string) => stage.db.pool.query(text);

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 60);
  campaign = await stage.createUsual();
  if (!stage.db.real) return;
  await sql('CREATE EXTENSION pg_stat_statements SCHEMA public');
  await sql(SEARCH);
  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.campaign SET switched_at = now() - interval '8 days'");
});
test.after.always(() => stage?.close());

async function conditions() {
  return openConditions(stage.db.pool, { name: '', path: '', sha256: '', campaign, phase: 'contract' });
}
const closedBy = async () => (await conditions()).map(({ code }) => code);
const wait = () => sql("UPDATE reembed.column_statement SET called_at = called_at - interval '8 days'");

onServer('statements before the switch, through the live view, of pg-reembed and of a dump do not count', async (t) => {
  await sql('SELECT id FROM documents_live ORDER BY embedding <=> (SELECT embedding FROM documents_live WHERE id = 1) LIMIT 3');
  await sql(
    "SELECT id FROM documents_live AS documents ORDER BY embedding <=> reembed.query_vector(embedding_model, 'new-model', embedding) LIMIT 3",
  );
  await sql('COPY documents (id, embedding) TO STDOUT').catch(() => {});
  await sql("INSERT INTO documents (content) VALUES ('a text')");
  await stage.work();
  await sql("SELECT reembed.watch('documents')");
  t.deepEqual(await closedBy(), []);
});

onServer(
  'a statement that names the column asks for an acceptance until the soak time is over, with its number and the start of its text',
  async (t) => {
    await sql(`/* the\tsearch */ ${SEARCH.replace('SELECT id', 'SELECT id, content')}`);
    const [condition] = await conditions();
    t.is(condition?.code, 'unknown-readers');
    t.regex(
      condition?.condition ?? '',
      /1 statement names public\.documents\.embedding \(-?\d+ at [^:]+:\d\d:\d\d: (\/\* the search \*\/ )?SELECT id, content FROM documents/,
    );
    t.deepEqual(await closedBy(), ['unknown-readers'], 'it is remembered');
    await wait();
    t.deepEqual(await closedBy(), []);
  },
);

onServer('an acceptance is void when there is another statement', async (t) => {
  await sql(SEARCH);
  t.deepEqual(await closedBy(), ['unknown-readers']);
  await stage.db.pool.query("SELECT reembed.accept($1, 'unknown-readers', 'a report of ours')", [campaign]);
  t.deepEqual(await closedBy(), []);
  await sql(SEARCH);
  t.deepEqual(await closedBy(), [], 'the same statement again');
  await sql('SELECT count(embedding) FROM documents');
  t.deepEqual(await closedBy(), ['unknown-readers']);
  await wait();
});

onServer('where another table has the same name, only statements with the schema count', async (t) => {
  await sql('CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.documents (id bigint, embedding vector(16))');
  await sql('SELECT id, embedding FROM elsewhere.documents');
  await sql('SELECT embedding FROM documents WHERE id = 5');
  t.deepEqual(await closedBy(), []);
  await sql('SELECT content, embedding FROM public.documents WHERE id = 5');
  t.deepEqual(await closedBy(), ['unknown-readers']);
  await wait();
  await sql('DROP SCHEMA elsewhere CASCADE');
});

onServer('the statistics are found by their extension, wherever it is, and not by their name', async (t) => {
  const { rows } = await sql(
    'SELECT (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = reembed.statement_statistics()) AS source',
  );
  t.is(rows[0].source, 'public');
  await sql('ALTER EXTENSION pg_stat_statements SET SCHEMA reembed_queue');
  t.is(
    (
      await sql(
        'SELECT (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = reembed.statement_statistics()) AS source',
      )
    ).rows[0].source,
    'reembed_queue',
  );
  await sql('DROP EXTENSION pg_stat_statements; CREATE VIEW public.pg_stat_statements AS SELECT 1 AS planted');
  t.is(
    (
      await sql(
        'SELECT (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = reembed.statement_statistics()) AS source',
      )
    ).rows[0].source,
    null,
  );
});
