import test from 'ava';
import { compareCatalogs, digestRows, dumpCatalog } from './harness/catalog.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf, usualOptions, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

const COLUMNS = ['id', 'content', 'embedding'];

let stage: Stage;
let catalogBefore: string[];
let rowsBefore: string;
let catalogAtFirstGate: string[];

test.before(async () => {
  stage = await createBareStage();
  const { pool } = stage.db;
  await createDocuments(pool, 300);
  await pool.query(`COMMENT ON COLUMN documents.embedding IS 'Vectors of the search.'`);
  await pool.query(`COMMENT ON INDEX documents_embedding_idx IS 'Search by meaning.'`);
  catalogBefore = await dumpCatalog(pool);
  rowsBefore = await digestRows(pool, 'documents', COLUMNS);
});
test.after.always(() => stage.close());

/** Runs `migrate …` as a user does, and expects that exit code. */
async function migrate(
  t: { is(actual: unknown, expected: unknown, message?: string): boolean },
  args: string[],
  code: number,
): Promise<string> {
  const result = await stage.workplace.run(['migrate', ...args]);
  t.is(result.code, code, `migrate ${args.join(' ')}: ${result.stderr}`);
  return result.stderr;
}

/** What the application sees: the nearest rows through the live view, and the model they were found with. */
async function search(): Promise<{ model: string | undefined; found: number }> {
  const { rows } = await stage.db.pool.query<{ model: string }>('SELECT reembed.active_model() AS model');
  const model = rows[0]?.model ?? '';
  const vector = vectorText(vectorOf(model, textOf(7), model === OLD_MODEL ? 16 : 24));
  const found = await stage.db.pool.query<{ id: string; embedding_model: string }>(
    `SELECT id::text, embedding_model FROM documents_live ORDER BY embedding <=> '${vector}' LIMIT 10`,
  );
  return found.rows[0]?.id === '7' ? { model: found.rows[0].embedding_model, found: found.rows.length } : { model: undefined, found: 0 };
}

test.serial('create writes five files and changes nothing in the database', async (t) => {
  await stage.create(usualOptions());
  t.deepEqual(compareCatalogs(catalogBefore, await dumpCatalog(stage.db.pool)), []);
});

test.serial('up runs to the first closed gate and says how to open it', async (t) => {
  const talk = await migrate(t, ['up'], 3);
  t.regex(talk, /(batch is|batches (is|are)) still to be embedded/);
  t.regex(talk, /npm run worker/);
  catalogAtFirstGate = await dumpCatalog(stage.db.pool);
});

test.serial('down --all leaves the database as it was before the first up', async (t) => {
  await migrate(t, ['down', '--all', '--discard-vectors'], 0);
  t.deepEqual(compareCatalogs(catalogBefore, await dumpCatalog(stage.db.pool)), []);
  t.is(await digestRows(stage.db.pool, 'documents', COLUMNS), rowsBefore);
});

test.serial('up after down --all makes the same schema again', async (t) => {
  await migrate(t, ['up'], 3);
  t.deepEqual(compareCatalogs(catalogAtFirstGate, await dumpCatalog(stage.db.pool)), []);
});

for (const [phase, prepare, model] of [
  ['expand', async () => {}, OLD_MODEL],
  ['backfill', async () => {}, OLD_MODEL],
  ['index', () => stage.work(), OLD_MODEL],
  ['switch', async () => stage.pass(await campaignName()), NEW_MODEL],
  ['contract', async () => void (await stage.db.pool.query("UPDATE reembed.setting SET soak = '0'")), NEW_MODEL],
] as const) {
  test.serial(`${phase} goes forward, back and forward again`, async (t) => {
    const { pool } = stage.db;
    // The tests before have run the first two phases already.
    if (phase === 'expand') await stage.down(2);
    await prepare();
    const before = await dumpCatalog(pool);
    const rows = await digestRows(pool, 'documents', COLUMNS);
    await stage.up(1);
    const after = await dumpCatalog(pool);
    t.deepEqual(await search(), { model, found: 10 });

    await stage.down();
    t.deepEqual(compareCatalogs(before, await dumpCatalog(pool)), []);
    t.is(await digestRows(pool, 'documents', COLUMNS), rows);
    if (phase !== 'expand') t.deepEqual(await search(), { model: phase === 'contract' ? NEW_MODEL : OLD_MODEL, found: 10 });

    if (phase === 'index') await stage.work();
    await stage.up(1);
    t.deepEqual(compareCatalogs(after, await dumpCatalog(pool)), []);
    t.deepEqual(await search(), { model, found: 10 });
  });
}

async function campaignName(): Promise<string> {
  const { rows } = await stage.db.pool.query<{ name: string }>('SELECT name FROM reembed.campaign');
  return rows[0]?.name ?? '';
}

test.serial('after contract the column and its index have the old names and hold the new vectors', async (t) => {
  const { pool } = stage.db;
  const columns = await pool.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1`,
  );
  t.deepEqual(columns.rows, [
    { name: 'content', type: 'text' },
    { name: 'embedding', type: 'vector(24)' },
    { name: 'embedding_model_version', type: 'text' },
    { name: 'id', type: 'bigint' },
  ]);
  const indexes = await pool.query<{ definition: string }>(
    `SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = 'documents'::regclass AND NOT indisprimary`,
  );
  t.deepEqual(indexes.rows, [
    { definition: 'CREATE INDEX documents_embedding_idx ON public.documents USING hnsw (embedding vector_cosine_ops)' },
  ]);
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
  const versions = await pool.query('SELECT DISTINCT embedding_model_version AS model FROM documents');
  t.deepEqual(versions.rows, [{ model: NEW_MODEL }]);
});

test.serial('up has nothing left to do after contract', async (t) => {
  t.regex(await migrate(t, ['up'], 0), /every migration is up/);
});

test.serial('going down from contract in one command leaves the database as it was', async (t) => {
  await migrate(t, ['down', '--all', '--discard-vectors'], 0);
  t.deepEqual(compareCatalogs(catalogBefore, await dumpCatalog(stage.db.pool)), []);
  t.is(await digestRows(stage.db.pool, 'documents', COLUMNS), rowsBefore);
  t.regex(await migrate(t, ['down'], 1), /no migration is left to revert/);
});

test.serial('all phases can be run again', async (t) => {
  t.regex(await migrate(t, ['up', '--wait'], 3), /old and new results have not been compared/);
  await stage.pass(await campaignName());
  await migrate(t, ['up'], 3);
  t.deepEqual(await search(), { model: NEW_MODEL, found: 10 });
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});
