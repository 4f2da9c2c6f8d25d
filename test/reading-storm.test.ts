import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

// As many dimensions as the old model has: comparing with the wrong one raises no error, it only gives nonsense.
const TWIN = 'twin-model';
const DIMENSIONS = 16;
const ROWS = 200;
const SWITCHES = 20;
const READERS_OF_A_KIND = 3;

interface Found {
  id: string;
  model: string;
  vector: string;
}

/** What a search asked with, and what came back. */
interface Read {
  askedFor: number;
  model: string;
  rows: Found[];
}

let stage: Stage;

test.before(async () => {
  stage = await createStage({ [TWIN]: DIMENSIONS });
  await createDocuments(stage.db.pool, ROWS);
  const campaign = await stage.draft({ table: 'documents', to: TWIN, dimensions: DIMENSIONS });
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
});
test.after.always(() => stage.close());

const vectors = new Map<string, string>();
const vectorIn = (model: string, i: number) => {
  const name = `${model} ${i}`;
  const text = vectors.get(name) ?? vectorText(vectorOf(model, textOf(i), DIMENSIONS));
  vectors.set(name, text);
  return text;
};
const embed: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);

const searchOf = (view: string) =>
  `SELECT id::text, embedding_model AS model, embedding::text AS vector FROM ${view}
    ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 5`;

/** Plain SQL, as the documentation tells an application in any language. */
async function readBySql(db: pg.Pool, i: number, key: string | null): Promise<Read> {
  for (;;) {
    const { rows } = await db.query<{ name: string; view: string }>("SELECT name, view FROM reembed.reads_for('documents', $1)", [key]);
    const { name: model = '', view = '' } = rows[0] ?? {};
    try {
      return { askedFor: i, model, rows: (await db.query<Found>(searchOf(view), [model, vectorIn(model, i)])).rows };
    } catch (error) {
      if ((error as { code?: string }).code !== 'RE002') throw error;
    }
  }
}

/** Whether a read is right: the row itself comes first, and every vector is of the model that was asked and that the row names. */
function isRight({ askedFor, model, rows }: Read): boolean {
  return (
    rows.length === 5 &&
    rows[0]?.id === String(askedFor) &&
    rows.every((row) => {
      const stored = Float32Array.from(JSON.parse(row.vector) as number[]);
      return row.model === model && stored.join() === vectorOf(model, textOf(Number(row.id)), DIMENSIONS).join();
    })
  );
}

test('through twenty switches and ways back no read fails and none is answered by the wrong model, the canary included', async (t) => {
  const pool = new pg.Pool({ connectionString: stage.db.url, max: 20 });
  pool.on('error', () => {});
  await pool.query('UPDATE reembed.setting SET shadow_percent = 50, shadow_per_second = 1000, min_shadow_overlap = 0');
  const clients = [true, false].map((listen) =>
    createSearchClient(pool, { target: 'documents', embed, listen, refreshSeconds: listen ? 3600 : 0.05 }),
  );
  const readByClient = (client: (typeof clients)[number], i: number, key?: string) => {
    const run = async ({ model, vector, view }: EmbeddedQuery): Promise<Read> => ({
      askedFor: i,
      model,
      rows: (await pool.query<Found>(searchOf(view), [model, vector])).rows,
    });
    return client.search(textOf(i), run, key === undefined ? {} : { key, ids: ({ rows }) => rows.map(({ id }) => id) });
  };
  const [listening, polling] = clients as [(typeof clients)[number], (typeof clients)[number]];
  const kinds: Record<string, (i: number) => Promise<Read>> = {
    'plain SQL': (i) => readBySql(pool, i, null),
    'plain SQL in the canary': (i) => readBySql(pool, i, `reader ${i}`),
    'client that listens': (i) => readByClient(listening, i),
    'client that listens, canary and shadow reads': (i) => readByClient(listening, i, `reader ${i}`),
    'client that polls, canary and shadow reads': (i) => readByClient(polling, i, `reader ${i}`),
  };
  const counts = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, { reads: 0, failed: 0, wrong: 0, models: new Set<string>() }]));
  let isOver = false;
  const ended: number[] = [];
  const crowd = Object.entries(kinds).flatMap((kind) => Array.from({ length: READERS_OF_A_KIND }, () => kind));
  const readers = crowd.map(async ([kind, read], place) => {
    const count = counts[kind] as (typeof counts)[string];
    for (let i = place * 13; !isOver; i++) {
      try {
        const found = await read(1 + ((i * 37) % ROWS));
        count.reads += 1;
        count.models.add(found.model);
        if (!isRight(found)) count.wrong += 1;
      } catch (error) {
        count.failed += 1;
        t.log(`${kind}: ${(error as Error).message}`);
      }
      ended[place] = (ended[place] ?? 0) + 1;
    }
  });
  // On a busy machine one search could see five changes of model, upon which it gives up.
  const untilAllHaveRead = async () => {
    const before = crowd.map((_, place) => ended[place] ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await until(() => before.every((count, place) => (ended[place] ?? 0) > count), 'a read by every reader');
  };
  for (let i = 0; i < SWITCHES; i++) {
    await stage.db.pool.query("SELECT reembed.switch_to('documents', $1)", [i % 2 === 0 ? TWIN : OLD_MODEL]);
    await untilAllHaveRead();
    if (i % 2 === 1) await stage.db.pool.query('UPDATE reembed.setting SET canary_percent = $1', [i % 4 === 1 ? 10 : 50]);
    await untilAllHaveRead();
  }
  isOver = true;
  await Promise.all(readers);
  await Promise.all(clients.map((client) => client.close()));
  await pool.end();
  for (const [kind, { reads, failed, wrong, models }] of Object.entries(counts)) {
    t.log(`${kind}: ${reads} reads, ${failed} failed, ${wrong} by the wrong model`);
    t.deepEqual([failed, wrong], [0, 0], kind);
    t.true(reads > SWITCHES && models.size === 2, kind);
  }
  const { rows } = await stage.db.pool.query("SELECT count(*)::int AS switches FROM reembed.event WHERE kind = 'read_model'");
  t.is(rows[0].switches, SWITCHES);
  const shadow = await stage.db.pool.query(
    'SELECT count(*)::int AS reads, count(*) FILTER (WHERE is_canary)::int AS canary FROM reembed.shadow_read',
  );
  t.log(`shadow reads: ${shadow.rows[0].reads}, of the canary ${shadow.rows[0].canary}`);
  t.true(shadow.rows[0].reads > 0 && shadow.rows[0].canary > 0);
});
