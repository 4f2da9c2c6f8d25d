import test from 'ava';
import { createVectors } from '../bench/clustered-vectors.ts';
import { vectorText } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const DIMENSIONS = 1024;
const ROWS = 300;

let stage: Stage;
test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await pool.query(`CREATE TABLE items (id bigint PRIMARY KEY, content text, embedding vector(${DIMENSIONS}))`);
  const next = createVectors(DIMENSIONS, 5);
  const ids = Array.from({ length: ROWS }, (_, i) => i + 1);
  await pool.query("INSERT INTO items SELECT n, 'text ' || n, v FROM unnest($1::bigint[], $2::vector[]) AS t(n, v)", [
    ids,
    ids.map(() => vectorText(next())),
  ]);
});
test.after.always(() => stage?.close());

/** The plan of `migrate create`, as people read it. */
async function plan(...args: string[]): Promise<string> {
  const { code, stderr } = await stage.workplace.run([
    ...['migrate', 'create', '--table', 'items', '--text', 'content', '--no-probe', '--dry-run', ...args],
  ]);
  if (code !== 0) throw new Error(stderr);
  return stderr;
}

test.serial('create shows what halfvec loses in a sample of the old vectors', async (t) => {
  const text = await plan('--to', 'new-model', '--dimensions', '1024', '--type', 'halfvec');
  t.regex(text, /embedding_v2 public\.halfvec\(1024\), as --type says: 0\.5 times the bytes of vector/);
  const [, share] = /in halfvec, (all|0\.\d+) of the ten nearest rows of 50 searches in 300 old vectors stay the same/.exec(text) ?? [];
  t.true(share === 'all' || Number(share) > 0.99, text);
});

test.serial('create leaves old vectors that halfvec cannot hold out of its sample, and names them', async (t) => {
  const { pool } = stage.db;
  const { rows } = await pool.query<{ before: string }>('SELECT embedding::text AS before FROM items WHERE id = 1');
  await pool.query(`UPDATE items SET embedding = array_fill(70000::real, ARRAY[${DIMENSIONS}])::vector WHERE id = 1`);
  const text = await plan('--to', 'new-model', '--dimensions', '1024', '--type', 'halfvec');
  t.regex(text, /1 of 300 sampled old vectors are too long for halfvec.*parked as out_of_range/);
  t.regex(text, /of 50 searches in 299 old vectors stay the same/);
  await pool.query('UPDATE items SET embedding = $1 WHERE id = 1', [rows[0]?.before]);
});

test.serial('create shows the recall of an index on bits by candidates, where the old vectors are similar', async (t) => {
  const text = await plan('--to', 'new-model', '--dimensions', '1536', '--index', 'binary');
  const recalls = [...(/recall@10 in 300 old vectors, by candidates: (.*);/.exec(text)?.[1] ?? '').matchAll(/(\d+): (\d\.\d+)/g)].map(
    ([, candidates, recall]) => [Number(candidates), Number(recall)] as const,
  );
  t.deepEqual(
    recalls.map(([candidates]) => candidates),
    [20, 50, 100],
  );
  t.true((recalls[0]?.[1] ?? 0) > 0.5 && (recalls[2]?.[1] ?? 0) > 0.95, text);
  t.true((recalls[0]?.[1] ?? 1) <= (recalls[2]?.[1] ?? 0));
});

test.serial(
  'create chooses bits above the limit of an index, says why, and names the function and the search that becomes slow',
  async (t) => {
    const text = await plan('--to', 'Qwen/Qwen3-Embedding-8B', '--dimensions', '4096');
    t.regex(text, /index {4}hnsw on the signs of the components, cosine/);
    t.regex(text, /because an index takes vector only up to 2,000 dimensions/);
    t.regex(text, /search: reembed_live\.nearest_items\(query, k, candidates\), in a schema that expand creates/);
    t.regex(text, /the old vectors say nothing about its recall: validate measures it/);
    t.regex(
      text,
      /a search of the application that orders by the distance of the vectors themselves will read the whole table after the switch/,
    );
  },
);

test.serial('create says nothing of a loss where nothing is lost', async (t) => {
  t.notRegex(await plan('--to', 'new-model', '--dimensions', '1024'), /halfvec|candidates/);
});
