import test from 'ava';
import { createDocuments, createOptions, fits, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const THIRD_MODEL = 'third-model';
const FOURTH_MODEL = 'fourth-model';
const DIMENSIONS = 20;

let stage: Stage;
let first: string;
let second: string;

test.before(async () => {
  stage = await createStage({ [THIRD_MODEL]: DIMENSIONS, [FOURTH_MODEL]: DIMENSIONS });
  await createDocuments(stage.db.pool, 600);
  first = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(first, 'contract');
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);

/** Rows of the table whose vector in a side table is not that of their present text. */
async function wrongBeside(sideTable: string, model: string, dimensions: number): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ id: string; content: string | null; vector: string | null }>(
    `SELECT id::text, content, side.embedding::text AS vector FROM documents LEFT JOIN ${sideTable} AS side USING (id) ORDER BY documents.id`,
  );
  return rows.filter(({ content, vector }) => !fits(vector, model, content, dimensions)).map(({ id }) => id);
}

test.serial('after contract the table has no vector column, the view has them, and a search finds its row', async (t) => {
  const { rows } = await sql("SELECT attname FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attnum > 0 AND NOT attisdropped");
  t.deepEqual(
    rows.map(({ attname }) => attname),
    ['id', 'content'],
  );
  const vector = vectorText(vectorOf(NEW_MODEL, textOf(7), 24));
  const found = await sql(`SELECT id::int, embedding_model FROM documents_live ORDER BY embedding <=> '${vector}' LIMIT 1`);
  t.deepEqual(found.rows, [{ id: 7, embedding_model: NEW_MODEL }]);
});

test.serial('a second campaign moves from one side table to another, and validate reads the indexes of both', async (t) => {
  second = await stage.create([...createOptions('documents', THIRD_MODEL, DIMENSIONS), '--storage', 'side-table']);
  await stage.bring(second, 'index');
  t.deepEqual(await wrongBeside('documents_third_model_vectors', THIRD_MODEL, DIMENSIONS), []);
  const { code, stdout, stderr } = await stage.workplace.run(['validate', '--json', '--sample', '30']);
  t.is(code, 5, stderr);
  const run = JSON.parse(stdout) as { index_recall: number; coverage: number };
  t.true(run.index_recall > 0.9, stdout);
  t.is(run.coverage, 1);
  t.is((await stage.workplace.run(['doctor', '--json'])).code, 0);
});

test.serial(
  'its contract makes the old side table the archive without copying it, and its way back brings it with its index',
  async (t) => {
    await stage.bring(second, 'switch');
    await sql(`UPDATE documents SET content = 'changed after the second switch' WHERE id = 3`);
    await stage.work();
    const file = async () =>
      (
        await sql(
          "SELECT pg_relation_filenode(from_relation) AS file FROM reembed.campaign WHERE phase <> 'contract' OR archive IS NOT NULL ORDER BY created_at DESC LIMIT 1",
        )
      ).rows[0].file;
    const before = await file();
    await stage.bring(second, 'contract');
    t.is(await file(), before);
    t.is((await sql("SELECT FROM pg_class WHERE relname = 'documents_new_model_vectors'")).rowCount, 0);
    await sql(`UPDATE documents SET content = 'changed after contract' WHERE id IN (10, 11); DELETE FROM documents WHERE id = 12;
    UPDATE documents SET content = 'there' WHERE id = 13; UPDATE documents SET content = '${textOf(13)}' WHERE id = 13;
    INSERT INTO documents (content) VALUES ('inserted after contract')`);
    await stage.work();
    await stage.bring(second, 'switch');
    t.deepEqual(await wrongBeside('documents_new_model_vectors', NEW_MODEL, 24), ['10', '11', '601'], 'those a worker has to bring');
    t.is((await sql('SELECT FROM documents_new_model_vectors WHERE id = 12')).rowCount, 0);
    await stage.work();
    t.deepEqual(await wrongBeside('documents_new_model_vectors', NEW_MODEL, 24), []);
    t.is((await sql("SELECT FROM pg_indexes WHERE indexname = 'documents_new_model_vectors_idx' AND schemaname = 'public'")).rowCount, 1);
    await stage.bring(second, 'index');
    t.deepEqual((await sql('SELECT DISTINCT embedding_model FROM documents_live')).rows, [{ embedding_model: NEW_MODEL }]);
  },
);

test.serial("a user's object that reads the old side table keeps contract waiting", async (t) => {
  await stage.bring(second, 'switch');
  await sql("UPDATE reembed.setting SET soak = '0'; CREATE VIEW mine AS SELECT count(*) FROM documents_new_model_vectors");
  const { rows } = await sql(`SELECT condition FROM reembed.contract_gate('${second}')`);
  t.deepEqual(rows, [{ condition: 'view public.mine uses the old table public.documents_new_model_vectors' }]);
  await sql('DROP VIEW mine');
});

test.serial('a third campaign brings the vectors back into a column of the table, and purge drops the side table for good', async (t) => {
  await stage.bring(second, 'contract');
  t.is((await stage.workplace.run(['purge', second, '--yes'])).code, 0);
  const third = await stage.create([...createOptions('documents', FOURTH_MODEL, DIMENSIONS), '--storage', 'column']);
  await stage.bring(third, 'switch');
  await sql("UPDATE documents SET content = 'changed after the third switch' WHERE id = 20");
  await stage.work();
  await stage.bring(third, 'contract');
  const wrong = async () =>
    (await sql('SELECT id, content, embedding::text AS vector, embedding_model_version AS version FROM documents')).rows.filter(
      ({ content, vector, version }) => !fits(vector, FOURTH_MODEL, content, DIMENSIONS) || version !== FOURTH_MODEL,
    );
  t.deepEqual(await wrong(), []);
  await stage.bring(third, 'switch');
  await stage.work();
  t.deepEqual(await wrongBeside('documents_third_model_vectors', THIRD_MODEL, DIMENSIONS), []);
  await stage.bring(third, 'contract');
  t.is((await stage.workplace.run(['purge', third, '--yes'])).code, 0);
  t.is(
    (await sql("SELECT FROM pg_class WHERE relkind = 'r' AND (relname LIKE 'documents_%vectors' OR relname LIKE 'archive%')")).rowCount,
    1,
    'the archive of the first campaign is left',
  );
  await sql("UPDATE documents SET content = 'and on' WHERE id = 21");
  await stage.work();
  t.deepEqual(await wrong(), []);
});

test.serial('a table with row level security is refused a side table, with the remedy', async (t) => {
  await createDocuments(stage.db.pool, 5, { table: 'guarded' });
  await sql('ALTER TABLE guarded ENABLE ROW LEVEL SECURITY');
  const { code, stderr } = await stage.workplace.run(['migrate', 'create', ...createOptions('guarded'), '--storage', 'side-table']);
  t.is(code, 1);
  t.regex(
    stderr,
    /guarded has row level security, whose policies would not apply to a side table \[side_table_refused\] - use --storage column/,
  );
});

test.serial('row level security that is switched on later keeps the gates closed while vectors are in a side table', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'later' });
  const campaign = await stage.draft({ table: 'later', storage: 'side-table' });
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
  const open = async () => (await sql(`SELECT condition FROM reembed.open_conditions('${campaign}', 'switch')`)).rows;
  t.deepEqual(await open(), []);
  await sql('ALTER TABLE later ENABLE ROW LEVEL SECURITY');
  t.deepEqual(await open(), [
    { condition: 'row level security was enabled on its table: the side table follows only when the watch runs' },
  ]);
  await t.throwsAsync(stage.bring(campaign, 'switch'), { message: /row level security/ });
  await sql('ALTER TABLE later DISABLE ROW LEVEL SECURITY');
  await stage.bring(campaign, 'switch');
  await stage.bring(campaign, 'expand');
  await stage.down();
});

if (process.env.TEST_DATABASE_URL) {
  test.serial(
    'once the watch has run a side table shows a reader what the table shows, and its columns only to whom the table does',
    async (t) => {
      const reader = `side_reader_${process.pid}`;
      await createDocuments(stage.db.pool, 20, { table: 'shelf' });
      await sql(`CREATE ROLE ${reader}; GRANT SELECT (id, content, embedding) ON shelf TO ${reader}`);
      const campaign = await stage.draft({ table: 'shelf', storage: 'side-table' });
      try {
        await stage.bring(campaign, 'index');
        await sql(`UPDATE reembed.setting SET alert_after = '0'; GRANT SELECT ON shelf_new_model TO ${reader}`);
        const check = () => sql("SELECT * FROM reembed.watch('shelf')");
        const read = async (text: string) => {
          const client = await stage.db.pool.connect();
          try {
            await client.query(`SET ROLE ${reader}`);
            return (await client.query(text)).rowCount;
          } catch (error) {
            return (error as Error).message;
          } finally {
            await client.query('RESET ROLE');
            client.release();
          }
        };
        const seen = () =>
          Promise.all(['shelf', 'shelf_new_model_vectors', 'shelf_new_model'].map((from) => read(`SELECT id, embedding FROM ${from}`)));
        const alerts = async () =>
          (await sql("SELECT kind FROM reembed.alert WHERE target = 'public.shelf.embedding' AND closed_at IS NULL")).rows.map(
            ({ kind }) => kind,
          );
        t.deepEqual(await seen(), [20, 20, 20]);
        await sql(`ALTER TABLE shelf ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON shelf FOR SELECT TO ${reader} USING (id <= 3)`);
        await check();
        t.deepEqual([await seen(), await alerts()], [[3, 3, 3], ['row_security']]);
        await sql('UPDATE shelf SET content = content || id');
        await stage.work();
        t.is((await sql('SELECT FROM shelf_new_model_vectors')).rowCount, 20, 'workers see every row');
        await sql('DROP POLICY few ON shelf; ALTER TABLE shelf DISABLE ROW LEVEL SECURITY');
        await check();
        t.deepEqual([await seen(), await alerts()], [[20, 20, 20], []]);
        await sql('ALTER TABLE shelf_new_model_vectors ENABLE ROW LEVEL SECURITY');
        await check();
        t.deepEqual(await seen(), [20, 0, 0], 'what somebody else switched on stays on');
        await sql('ALTER TABLE shelf_new_model_vectors DISABLE ROW LEVEL SECURITY');

        await sql(`REVOKE SELECT ON shelf FROM ${reader}; GRANT SELECT (id) ON shelf TO ${reader}`);
        await check();
        t.is(await read('SELECT id FROM shelf_new_model_vectors'), 20);
        t.regex(String(await read('SELECT embedding FROM shelf_new_model_vectors')), /permission denied/);
        await sql(`GRANT SELECT ON shelf TO ${reader}`);
        await check();
        t.deepEqual(await seen(), [20, 20, 20]);
      } finally {
        await sql(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`);
      }
      await stage.bring(campaign, 'expand');
      await stage.down();
    },
  );
}

test.serial('the plan compares both ways to keep the vectors and says which it takes', async (t) => {
  await createDocuments(stage.db.pool, 50, { table: 'small' });
  const { stderr } = await stage.workplace.run(['migrate', 'create', ...createOptions('small'), '--dry-run']);
  t.regex(stderr, /storage {2}column, of:\n +column +side-table\n/);
  t.regex(stderr, /writing +about .+ of WAL +about .+ of WAL/);
});
