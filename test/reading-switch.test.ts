import test from 'ava';
import pg from 'pg';
import { createDocuments, createOptions, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

// As many dimensions as the old model has: comparing with the wrong one raises no error, it only gives nonsense.
const TWIN = 'twin-model';
const LARGE = 'large-model';
const LARGE_DIMENSIONS = 3000;
const READER = `switch_reader_${process.pid}`;

let stage: Stage;
let twin: string;

test.before(async () => {
  stage = await createStage({ [TWIN]: 16, [LARGE]: LARGE_DIMENSIONS });
  await createDocuments(stage.db.pool, 200);
  twin = await stage.create([...createOptions('documents', TWIN, 16), '--from', OLD_MODEL]);
  await stage.bring(twin, 'switch');
});
test.after.always(async () => {
  await sql(`DROP OWNED BY ${READER}; DROP ROLE ${READER}`).catch(() => {});
  await stage.close();
});

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** Ways to search of which one runs in each session; every one must go on through a switch without an error. */
const SEARCHES: Record<string, (client: pg.Client) => Promise<{ id: string; model: string; vector: string }[]>> = {
  async 'by a statement that is prepared once'(client) {
    const vector = vectorText(vectorOf(TWIN, textOf(9), 16));
    const text = 'SELECT id, embedding_model AS model, embedding::text AS vector FROM documents_live ORDER BY embedding <=> $1 LIMIT 5';
    return (await client.query({ name: 'search', text, values: [vector] })).rows;
  },
  async 'by a statement that is new each time'(client) {
    return (
      await client.query(
        `SELECT id, embedding_model AS model, embedding::text AS vector FROM documents_live WHERE id % 3 = ${Math.floor(Math.random() * 3)} LIMIT 5`,
      )
    ).rows;
  },
  async 'in one transaction with others'(client) {
    await client.query('BEGIN');
    const first = await client.query('SELECT id, embedding_model AS model, embedding::text AS vector FROM documents_live LIMIT 3');
    const second = await client.query('SELECT id, embedding_model AS model, embedding::text AS vector FROM documents_live LIMIT 3');
    await client.query('COMMIT');
    // A transaction keeps its lock on the view, so the switch waits for it.
    if (first.rows[0].model !== second.rows[0].model) throw new Error('the model changed within a transaction');
    return [...first.rows, ...second.rows];
  },
  async 'with the guard, embedding again when it refuses'(client) {
    for (;;) {
      const { rows } = await client.query<{ model: string }>('SELECT reembed.active_model() AS model');
      const model = rows[0]?.model ?? '';
      try {
        const found = await client.query(
          `SELECT id, embedding_model AS model, embedding::text AS vector FROM documents_live
            ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 5`,
          [model, vectorText(vectorOf(model, textOf(9), 16))],
        );
        if (found.rows[0].id !== '9' || found.rows[0].model !== model)
          throw new Error(`found ${found.rows[0].id} of ${found.rows[0].model} with ${model}`);
        return found.rows;
      } catch (error) {
        if ((error as { code?: string }).code !== 'RE002') throw error;
      }
    }
  },
};

/** A switch that gets no lock within 0.3 s changes nothing and is tried again: docs/reading.md. */
async function switchTo(model: string): Promise<void> {
  for (;;) {
    try {
      await sql('SELECT reembed.switch_to($1, $2)', ['documents', model]);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03') throw error;
    }
  }
}

test.serial('through twenty switches no search fails and every vector is of the model that embedding_model says', async (t) => {
  let switching = true;
  const seen = new Map(Object.keys(SEARCHES).map((how) => [how, new Set<string>()]));
  const readers = Object.entries(SEARCHES).map(async ([how, search]) => {
    const client = new pg.Client({ connectionString: stage.db.url });
    await client.connect();
    const models = seen.get(how) as Set<string>;
    try {
      while (switching) {
        for (const { id, model, vector } of await search(client)) {
          models.add(model);
          const right = Float32Array.from(JSON.parse(vector) as number[]).join() === vectorOf(model, textOf(Number(id)), 16).join();
          if (!right) throw new Error(`row ${id}: the vector is not of ${model}`);
        }
      }
    } catch (error) {
      t.fail(`${how}: ${(error as Error).message}`);
    }
    await client.end();
  });
  let switches = 0;
  try {
    // On a busy machine a reader may need more than twenty to come upon both models.
    while (switches < 20 || (switches < 200 && [...seen.values()].some(({ size }) => size < 2))) {
      for (const model of [OLD_MODEL, TWIN]) {
        await switchTo(model);
        switches += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  } finally {
    // Readers that went on would be in the way of every test after this one.
    switching = false;
    await Promise.all(readers);
  }
  for (const [how, models] of seen) t.is(models.size, 2, how);
  const { rows } = await sql("SELECT count(*)::integer AS switches FROM reembed.event WHERE kind = 'read_model'");
  t.is(rows[0].switches, 1 + switches);
});

test.serial('vectors of 3,000 dimensions go to halfvec, and the live view changes type with grants, options and owner', async (t) => {
  await createDocuments(stage.db.pool, 40, { table: 'large' });
  await sql(`CREATE ROLE ${READER}; GRANT SELECT ON large TO ${READER}`);
  const campaign = await stage.create([...createOptions('large', LARGE, LARGE_DIMENSIONS), '--from', OLD_MODEL]);
  await stage.bring(campaign, 'index');
  await sql(`REVOKE ALL ON large_live FROM ${READER}; GRANT SELECT (id, embedding, embedding_model) ON large_live TO ${READER} WITH GRANT OPTION;
    GRANT SELECT, UPDATE ON large_live TO PUBLIC; ALTER VIEW large_live SET (check_option = cascaded)`);
  const facts = async () =>
    (
      await sql(`SELECT pg_get_userbyid(relowner) AS owner, relacl::text AS grants, reloptions::text AS options, obj_description(oid) AS comment,
                   (SELECT array_agg(attname || attacl::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) AS columns
              FROM pg_class AS c WHERE oid = 'large_live'::regclass`)
    ).rows[0];
  const before = await facts();
  t.is(before.columns.length, 3);
  for (const [standing, type, vector, index] of [
    ['switch', 'halfvec', vectorOf(LARGE, textOf(7), LARGE_DIMENSIONS), 'large_embedding_v2_idx'],
    ['index', 'vector', vectorOf(OLD_MODEL, textOf(7), 16), 'large_embedding_idx'],
    ['switch', 'halfvec', vectorOf(LARGE, textOf(7), LARGE_DIMENSIONS), 'large_embedding_v2_idx'],
    ['contract', 'halfvec', vectorOf(LARGE, textOf(7), LARGE_DIMENSIONS), 'large_embedding_idx'],
    ['switch', 'halfvec', vectorOf(LARGE, textOf(7), LARGE_DIMENSIONS), 'large_embedding_v2_idx'],
  ] as const) {
    await stage.bring(campaign, standing);
    t.deepEqual(await facts(), before, standing);
    const client = await stage.db.pool.connect();
    await client.query(`BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL ROLE ${READER}`);
    const search = `SELECT id::text, pg_typeof(embedding)::text AS type FROM large_live
      ORDER BY embedding <=> reembed.query_vector(embedding_model, reembed.active_model('large'), '${vectorText(vector)}') LIMIT 3`;
    t.regex(JSON.stringify((await client.query(`EXPLAIN ${search}`)).rows), new RegExp(`Index Scan using ${index}\\b`), standing);
    t.deepEqual((await client.query(search)).rows[0], { id: '7', type });
    await client.query('ROLLBACK');
    client.release();
  }

  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.setting SET known_items = 10, alert_after = '0' WHERE target = 'public.large.embedding'");
  const watch = createWatch(stage);
  t.deepEqual(await watch.check(), []);
  const { rows } = await sql(
    "SELECT model, bool_and(found) AS found FROM reembed.known_item WHERE target = 'public.large.embedding' GROUP BY 1 ORDER BY 1",
  );
  t.deepEqual(rows, [
    { model: LARGE, found: true },
    { model: OLD_MODEL, found: true },
  ]);
});

test.serial("a user's view upon the live view is created again when the live view changes its type", async (t) => {
  await sql('CREATE VIEW mine AS SELECT id, embedding FROM large_live');
  const { rows } = await sql("SELECT name FROM reembed.campaign WHERE target = 'public.large.embedding'");
  for (const [phase, type] of [
    ['index', 'vector'],
    ['switch', 'halfvec'],
  ] as const) {
    await stage.bring(rows[0].name, phase);
    t.deepEqual((await sql('SELECT DISTINCT pg_typeof(embedding)::text AS type FROM mine')).rows, [{ type }]);
  }
  await sql('DROP VIEW mine');
});
