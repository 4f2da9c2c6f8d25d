import test from 'ava';
import pg from 'pg';
import { openConditions } from '../src/phases/advance.ts';
import { compareCatalogs, dumpCatalog } from './harness/catalog.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const SERVER = process.env.TEST_DATABASE_URL;
const TABLESPACE = `reembed_test_${process.pid}`;

let stage: Stage;
let campaign: string;
let tablespace = '';
let oldIndexes: string[];
let oldColumn: string;

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  // The embedded server has no place for a tablespace.
  if (SERVER) {
    tablespace = TABLESPACE;
    await onServer(`SET allow_in_place_tablespaces = on; CREATE TABLESPACE ${TABLESPACE} LOCATION ''`);
  }
  await sql(`ALTER TABLE documents ADD COLUMN lang text NOT NULL DEFAULT 'en';
    CREATE INDEX documents_part_idx ON documents USING hnsw (embedding vector_cosine_ops) WITH (m = 8) WHERE lang = 'en' AND id > 5;
    CREATE INDEX documents_half_idx ON documents USING hnsw ((embedding::halfvec(16)) halfvec_cosine_ops) WHERE embedding IS NOT NULL;
    CREATE INDEX documents_bits_idx ON documents USING hnsw ((binary_quantize(embedding)::bit(16)) bit_hamming_ops) WHERE lang = 'en';
    CREATE INDEX documents_lists_idx ON documents USING ivfflat (embedding vector_l2_ops) WITH (lists = 3);
    CREATE INDEX documents_l1_idx ON documents USING hnsw (embedding vector_l1_ops) ${tablespace && `TABLESPACE ${tablespace}`};
    CREATE INDEX documents_twin_idx ON documents USING hnsw (embedding vector_l1_ops);
    CREATE INDEX documents_first_idx ON documents USING hnsw ((subvector(embedding, 1, 8)::vector(8)) vector_l2_ops);
    CREATE INDEX documents_equal_idx ON documents USING btree (embedding DESC) INCLUDE (id);
    COMMENT ON INDEX documents_part_idx IS 'Of English rows.';
    ALTER INDEX documents_half_idx ALTER COLUMN 1 SET STATISTICS 30;
    COMMENT ON COLUMN documents.embedding IS 'Of the content.';
    ALTER TABLE documents ALTER COLUMN embedding SET STORAGE MAIN, ALTER COLUMN embedding SET STATISTICS 20, ALTER COLUMN embedding SET COMPRESSION pglz,
      ALTER COLUMN embedding SET (n_distinct = -1), ALTER COLUMN embedding SET NOT NULL`);
  campaign = await stage.createUsual();
  oldIndexes = await indexesOn('embedding');
  oldColumn = await column('embedding');
});
test.after.always(async () => {
  await stage?.close();
  if (tablespace) await onServer(`DROP TABLESPACE ${TABLESPACE}`);
});

async function onServer(statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  try {
    for (const statement of statements.split(';')) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The indexes on a column, each with everything that does not show in its definition. */
async function indexesOn(column: string): Promise<string[]> {
  const { rows } = await sql(
    `SELECT format('%s | tablespace %s, statistics %s, %s', pg_get_indexdef(c.oid), coalesce(b.spcname, 'default'), coalesce(a.attstattarget, -1), obj_description(c.oid, 'pg_class')) AS line
       FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = 1 LEFT JOIN pg_tablespace AS b ON b.oid = c.reltablespace
      WHERE c.oid IN (SELECT reembed.vector_indexes('documents', $1)) ORDER BY c.relname`,
    [column],
  );
  return rows.map(({ line }) => line);
}

async function column(name: string): Promise<string> {
  const { rows } = await sql(
    `SELECT format('%s storage=%s compression=%s statistics=%s options=%s null=%s %s', format_type(atttypid, atttypmod), attstorage, attcompression, coalesce(attstattarget, -1), ARRAY(SELECT o FROM unnest(attoptions) AS o WHERE o LIKE 'n_distinct%'), NOT attnotnull,
                   col_description(attrelid, attnum)) AS line
       FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attname = $1`,
    [name],
  );
  return rows[0].line;
}

/** The lines with the dimensions of the new vectors. */
const renewed = (lines: string[]) =>
  lines.map((line) => line.replace('halfvec(16)', 'halfvec(24)').replace('bit(16)', 'bit(24)').replace('vector(16)', 'vector(24)'));

async function closedBy(): Promise<string[]> {
  const conditions = await openConditions(stage.db.pool, { name: '', path: '', sha256: '', campaign, phase: 'contract' });
  return conditions.map(({ code }) => code);
}

test.serial('every index of the old column gets its successor, with the new dimensions', async (t) => {
  t.is(oldIndexes.length, 9);
  await stage.bring(campaign, 'index');
  const successors = (await indexesOn('embedding_v2')).map((line) => line.replace(/ \| tablespace (\w+),.*/, ' | $1'));
  t.deepEqual(
    successors.map((line) => line.replace(/^.* USING/, 'USING')),
    [
      "USING hnsw (((binary_quantize(embedding_v2))::bit(24)) bit_hamming_ops) WHERE (lang = 'en'::text) | default",
      'USING hnsw (embedding_v2 vector_cosine_ops) | default',
      'USING btree (embedding_v2 DESC) INCLUDE (id) | default',
      'USING hnsw (((subvector(embedding_v2, 1, 8))::vector(8)) vector_l2_ops) | default',
      'USING hnsw (((embedding_v2)::halfvec(24)) halfvec_cosine_ops) WHERE (embedding_v2 IS NOT NULL) | default',
      `USING hnsw (embedding_v2 vector_l1_ops) | ${tablespace || 'default'}`,
      "USING ivfflat (embedding_v2) WITH (lists='3') | default",
      "USING hnsw (embedding_v2 vector_cosine_ops) WITH (m='8') WHERE ((lang = 'en'::text) AND (id > 5)) | default",
      'USING hnsw (embedding_v2 vector_l1_ops) | default',
    ],
  );
  t.deepEqual((await sql('SELECT old_name FROM reembed.planned_index WHERE is_main')).rows, [{ old_name: 'documents_embedding_idx' }]);
});

test.serial('the successors go with the phase, and come again', async (t) => {
  const before = await dumpCatalog(stage.db.pool);
  await stage.bring(campaign, 'backfill');
  t.deepEqual(await indexesOn('embedding_v2'), []);
  await stage.bring(campaign, 'index');
  t.deepEqual(compareCatalogs(before, await dumpCatalog(stage.db.pool)), []);
});

test.serial('a search under the condition of a partial index uses its successor through the live view', async (t) => {
  await stage.bring(campaign, 'switch');
  const client = await stage.db.pool.connect();
  await client.query(
    'BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; DROP INDEX documents_embedding_v2_idx',
  );
  const { rows } = await client.query(
    `EXPLAIN SELECT id FROM documents_live WHERE lang = 'en' AND id > 5 ORDER BY embedding <=> array_fill(1, ARRAY[24])::vector LIMIT 3`,
  );
  await client.query('ROLLBACK');
  client.release();
  t.regex(JSON.stringify(rows), /documents_part_idx_v2/);
});

test.serial('after contract column and indexes are as the old ones were, NOT NULL included', async (t) => {
  await stage.bring(campaign, 'contract');
  t.deepEqual(await indexesOn('embedding'), renewed(oldIndexes));
  t.is(await column('embedding'), renewed([oldColumn]).join());
  t.is((await sql("SELECT FROM pg_constraint WHERE conrelid = 'documents'::regclass AND contype = 'c'")).rowCount, 0);
});

test.serial('the rollback of contract brings back both, forward and back again', async (t) => {
  await stage.bring(campaign, 'switch');
  t.deepEqual(await indexesOn('embedding'), oldIndexes);
  t.is(await column('embedding'), oldColumn);
  const before = await dumpCatalog(stage.db.pool);
  t.regex(await column('embedding_v2'), /storage=e compression= statistics=-1 options=\{\} null=t $/);
  await stage.bring(campaign, 'contract');
  t.deepEqual(await indexesOn('embedding'), renewed(oldIndexes));
  await stage.bring(campaign, 'switch');
  t.deepEqual(compareCatalogs(before, await dumpCatalog(stage.db.pool)), []);
  t.is(await column('embedding'), oldColumn);
});

test.serial('where a row lacks a vector, the column stays nullable', async (t) => {
  await sql('UPDATE documents SET content = NULL WHERE id = 7');
  await stage.work();
  t.deepEqual((await sql('SELECT embedding IS NULL AS old, embedding_v2 IS NULL AS new FROM documents WHERE id = 7')).rows, [
    { old: false, new: true },
  ]);
  await stage.bring(campaign, 'contract');
  t.regex(await column('embedding'), /null=t/);
  await stage.bring(campaign, 'switch');
  t.is(await column('embedding'), oldColumn);
});

test.serial('contract refuses an index of the old column that is not part of the campaign', async (t) => {
  await sql("UPDATE reembed.setting SET soak = '0'; CREATE INDEX documents_late_idx ON documents USING hnsw (embedding vector_ip_ops)");
  t.deepEqual(await closedBy(), ['index_without_successor']);
  await sql('DROP INDEX documents_late_idx');
  t.deepEqual(await closedBy(), []);
});

test.serial(
  'a worker leaves the vector of an emptied text where it cannot be NULL, and a rollback leaves NOT NULL off where rows changed',
  async (t) => {
    await sql("UPDATE documents SET content = 'again' WHERE id = 7");
    await stage.work();
    await stage.bring(campaign, 'contract');
    await sql("UPDATE documents SET content = NULL WHERE id = 8; UPDATE documents SET content = 'changed' WHERE id = 9");
    await stage.work();
    t.deepEqual((await sql('SELECT key, class, message FROM reembed.failed_row')).rows, []);
    t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
    t.is(await column('embedding'), renewed([oldColumn]).join());
    const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
    t.is(code, 0, stderr);
    t.regex(stderr, /column embedding of \S+ stays nullable: 2 rows lack a vector; when every row has one: ALTER TABLE .* SET NOT NULL/);
    t.regex(await column('embedding'), /null=t/);
  },
);

if (SERVER) {
  test.serial('side table and archive are in the tablespace of the table', async (t) => {
    const placeOf = async (relations: string) =>
      (
        await sql(`SELECT DISTINCT b.spcname AS place FROM pg_class AS c LEFT JOIN pg_tablespace AS b ON b.oid = c.reltablespace
          WHERE c.oid IN (SELECT r.oid FROM (${relations}) AS r(oid) UNION SELECT i.indexrelid FROM pg_index AS i JOIN (${relations}) AS r(oid) ON i.indrelid = r.oid)`)
      ).rows;
    for (const [table, storage] of [
      ['besides', 'side-table'],
      ['within', 'column'],
    ] as const) {
      await createDocuments(stage.db.pool, 20, { table });
      await sql(`ALTER TABLE ${table} SET TABLESPACE ${TABLESPACE}; ALTER INDEX ${table}_embedding_idx SET TABLESPACE ${TABLESPACE}`);
      const name = await stage.draft({ table, storage });
      await stage.bring(name, storage === 'column' ? 'contract' : 'index');
      const relation =
        storage === 'column'
          ? `SELECT format('reembed.%I', m.archive)::regclass FROM reembed.campaign AS m WHERE m.name = '${name}'`
          : `SELECT m.to_relation FROM reembed.campaign AS m WHERE m.name = '${name}'`;
      t.deepEqual(await placeOf(relation), [{ place: TABLESPACE }], table);
    }
  });
}
