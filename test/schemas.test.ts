import test from 'ava';
import pg from 'pg';
import { applicationWrites, runWrites } from './harness/application-writes.ts';
import {
  createDocuments,
  NEW_DIMENSIONS,
  NEW_MODEL,
  OLD_DIMENSIONS,
  OLD_MODEL,
  textOf,
  vectorText,
  wrongRows,
} from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };
const OLD = 'reembed_old_model';
const NEW = 'reembed_new_model';
const LIVE = 'reembed_live';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 400);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** A connection whose search_path names a schema in front of public. */
async function withPath<T>(schema: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: stage.db.url });
  await client.connect();
  try {
    await client.query(`SET search_path = ${schema}, public`);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Views with the name of the table: schema and whether it is the same object as before, by its OID. */
async function views(): Promise<Record<string, number>> {
  const { rows } = await sql(
    "SELECT n.nspname AS schema, c.oid::int FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relname = 'documents' AND c.relkind = 'v' ORDER BY 1",
  );
  return Object.fromEntries(rows.map(({ schema, oid }) => [schema, oid]));
}

async function schemas(): Promise<string[]> {
  const { rows } = await sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'reembed\\_%' AND nspname <> 'reembed_queue' ORDER BY 1");
  return rows.map(({ nspname }) => nspname);
}

async function columnsOf(relation: string): Promise<string> {
  const { rows } = await sql(
    "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS all FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
    [relation],
  );
  return rows[0].all;
}

test.serial(
  'from expand on a schema for each model, and one for the live model, has the table under its own name and with its own columns',
  async (t) => {
    const columns = (dimensions: number) => `id bigint, content text, embedding vector(${dimensions})`;
    t.is(await columnsOf('documents'), columns(OLD_DIMENSIONS));
    await stage.bring(campaign, 'expand');
    t.deepEqual(Object.keys(await views()), [LIVE, NEW, OLD]);
    t.is(await columnsOf(`${LIVE}.documents`), columns(OLD_DIMENSIONS));
    t.is(await columnsOf(`${OLD}.documents`), columns(OLD_DIMENSIONS));
    t.is(await columnsOf(`${NEW}.documents`), columns(NEW_DIMENSIONS));
  },
);

for (const [phase, at] of [
  ['expand', 20_000],
  ['index', 40_000],
  ['switch', 60_000],
] as const) {
  test.serial(
    `in phase ${phase} every kind of write through the old model's schema ends with the right vectors of both models`,
    async (t) => {
      await stage.bring(campaign, phase);
      const { any, withOldVector } = applicationWrites(at);
      await withPath(OLD, (client) => runWrites(client, { ...any, ...withOldVector }));
      if (phase === 'expand') await stage.bring(campaign, 'backfill');
      await stage.work();
      t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
    },
  );

  test.serial(
    `in phase ${phase} vectors that are written through the new model's schema are of that model, and the old ones follow`,
    async (t) => {
      await stage.bring(campaign, phase);
      const vector = (text: string) => vectorText(vectorOf(NEW_MODEL, text, NEW_DIMENSIONS));
      stage.provider.requests.length = 0;
      await withPath(NEW, async (client) => {
        const inserted = await client.query(
          'INSERT INTO documents (id, content, embedding) VALUES ($1, $2, $3) RETURNING id::int, embedding = $3 AS kept',
          [at + 5000, `mine ${at}`, vector(`mine ${at}`)],
        );
        t.deepEqual(inserted.rows, [{ id: at + 5000, kept: true }]);
        await client.query(
          'INSERT INTO documents (id, content, embedding) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET content = excluded.content, embedding = excluded.embedding',
          [30, `over ${at}`, vector(`over ${at}`)],
        );
        await client.query('UPDATE documents SET content = $1, embedding = $2 WHERE id = 31', [`set ${at}`, vector(`set ${at}`)]);
        await client.query(
          `MERGE INTO documents AS d USING (VALUES (32::bigint, $1::text, $2::vector)) AS v(id, content, embedding) ON d.id = v.id
           WHEN MATCHED THEN UPDATE SET content = v.content, embedding = v.embedding WHEN NOT MATCHED THEN INSERT (id, content, embedding) VALUES (v.id, v.content, v.embedding)`,
          [`merged ${at}`, vector(`merged ${at}`)],
        );
        await client.query('BEGIN');
        t.is((await client.query('SELECT id FROM documents WHERE id = 33 FOR UPDATE')).rowCount, 1);
        await client.query('COMMIT');
        const { rows } = await client.query("INSERT INTO documents (content, embedding) VALUES ('numbered', $1) RETURNING id", [
          vector('numbered'),
        ]);
        t.truthy(rows[0].id, 'the identity of the table numbers the row');
      });
      if (phase !== 'expand') {
        await stage.work();
        const asked = stage.provider.requests.filter(({ model }) => model === NEW_MODEL).flatMap(({ input }) => input);
        t.deepEqual(
          asked.filter((text) => text.includes(String(at))),
          [],
          'the new model is not asked for what the application wrote',
        );
        t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
      }
    },
  );
}

test.serial('a switch and a rollback change the view of the live model and no other, and an index answers its searches', async (t) => {
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
  const versions = async () => {
    const { rows } = await sql(
      "SELECT n.nspname AS schema, c.oid || ' ' || r.xmin AS version FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_rewrite AS r ON r.ev_class = c.oid WHERE c.relname = 'documents' AND c.relkind = 'v' ORDER BY 1",
    );
    return Object.fromEntries(rows.map(({ schema, version }) => [schema, version]));
  };
  const before = await versions();
  const models = [
    [NEW_MODEL, NEW_DIMENSIONS],
    [OLD_MODEL, OLD_DIMENSIONS],
    [NEW_MODEL, NEW_DIMENSIONS],
  ] as const;
  for (const [model, dimensions] of models) {
    await sql('SELECT reembed.switch_to($1, $2)', ['documents', model]);
    const after = await versions();
    t.is(after[OLD], before[OLD]);
    t.is(after[NEW], before[NEW]);
    t.not(after[LIVE], before[LIVE]);
    await withPath(LIVE, async (client) => {
      const query = `SELECT id::int FROM documents WHERE reembed.serves('documents') ORDER BY embedding <=> '${vectorText(vectorOf(model, textOf(50), dimensions))}' LIMIT 1`;
      t.deepEqual((await client.query(query)).rows, [{ id: 50 }]);
      await client.query('SET enable_seqscan = off; SET enable_sort = off');
      const plan = (await client.query(`EXPLAIN ${query}`)).rows.map((row) => row['QUERY PLAN']).join('\n');
      t.regex(plan, /Index Scan using documents_embedding/, plan);
      t.regex(plan, /One-Time Filter: reembed.serves/, plan);
    });
  }
});

test.serial('the guard raises RE002 for a session that declared another model, and never for a write', async (t) => {
  await withPath(LIVE, async (client) => {
    const served = (await client.query('SELECT reembed.active_model() AS model')).rows[0].model;
    t.true((await client.query("SELECT reembed.serves('documents') AS yes")).rows[0].yes);
    await client.query("SELECT set_config('reembed.model', $1, false)", [served]);
    t.true((await client.query("SELECT reembed.serves('documents') AS yes")).rows[0].yes);
    await client.query("SET reembed.model = 'another'");
    await t.throwsAsync(client.query("SELECT id FROM documents WHERE reembed.serves('documents') LIMIT 1"), {
      code: 'RE002',
      message: /embeds queries with another/,
    });
    await client.query('UPDATE documents SET content = content WHERE id = 1');
  });
});

test.serial('contract drops the schema of the old model and leaves the other views as they are; its rollback brings it back', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  const before = await views();
  await stage.bring(campaign, 'contract');
  const { [OLD]: dropped, ...kept } = before;
  t.truthy(dropped);
  t.deepEqual(await views(), kept);
  t.deepEqual(await schemas(), [LIVE, NEW]);
  t.is(await columnsOf(`${LIVE}.documents`), `id bigint, content text, embedding vector(${NEW_DIMENSIONS})`);
  for (const schema of [LIVE, NEW]) {
    await withPath(schema, (client) =>
      client.query(
        "INSERT INTO documents (id, content) VALUES (90001, 'after contract') ON CONFLICT (id) DO UPDATE SET content = excluded.content",
      ),
    );
  }
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding' }), []);
  await stage.bring(campaign, 'switch');
  t.deepEqual(await schemas(), [LIVE, NEW, OLD]);
  await withPath(OLD, async (client) => {
    const query = `SELECT id::int FROM documents ORDER BY embedding <=> '${vectorText(vectorOf(OLD_MODEL, textOf(50), OLD_DIMENSIONS))}' LIMIT 1`;
    t.deepEqual((await client.query(query)).rows, [{ id: 50 }]);
  });
});

test.serial('the views stay current through a next campaign, and the down of expand drops the schemas', async (t) => {
  await stage.bring(campaign, 'contract');
  const before = await views();
  const next = await stage.draft({ table: 'documents', from: NEW_MODEL, to: OLD_MODEL, dimensions: OLD_DIMENSIONS });
  await stage.bring(next, 'switch');
  t.deepEqual(await schemas(), [LIVE, NEW, OLD]);
  await stage.bring(next, 'contract');
  t.deepEqual(await schemas(), [LIVE, OLD]);
  await stage.bring(next, 'none');
  t.deepEqual(await schemas(), [LIVE, NEW]);
  t.deepEqual(Object.keys(await views()), Object.keys(before));
  await stage.bring(campaign, 'none');
  t.deepEqual(await schemas(), []);
  t.is((await sql('SELECT FROM reembed.schema_view')).rowCount, 0);
  await stage.bring(campaign, 'expand');
  t.deepEqual(await schemas(), [LIVE, NEW, OLD]);
});
