import { PassThrough } from 'node:stream';
import test from 'ava';
import { buildLine, createBuildDisplay, secondsLeft } from '../src/commands/show-index-build.ts';
import { inTransaction } from '../src/database/connection.ts';
import type { IndexBuild } from '../src/phases/index-build.ts';
import { buildIndexes, restoredIndex } from '../src/phases/index-statements.ts';
import { present } from '../src/phases/phase.ts';
import { inspectTable } from '../src/plan/inspect.ts';
import type { CampaignPlan } from '../src/plan/plan.ts';
import { createStage, type Stage } from './harness/stage.ts';

const plan = { campaign: 'a_campaign', from: { elementType: 'vector' } } as CampaignPlan;
const ODD_TABLE = '"a. ""schema USING"."my ON table"';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

for (const { definition, table = 'public.t', column = 'embedding', known } of [
  { definition: 'CREATE INDEX i ON public.t USING hnsw (embedding vector_cosine_ops)', known: { method: 'hnsw', parameters: '' } },
  {
    definition: "CREATE INDEX i ON public.t USING hnsw (embedding vector_l2_ops) WITH (m='24', ef_construction='100') WHERE (id > 0)",
    known: { method: 'hnsw', parameters: 'm=24, ef_construction=100' },
  },
  {
    definition: "CREATE INDEX i ON public.t USING ivfflat (embedding) WITH (lists='50')",
    known: { method: 'ivfflat', parameters: 'lists=50' },
  },
  {
    definition: 'CREATE INDEX i ON public.t USING hnsw (((embedding)::halfvec(3)) halfvec_cosine_ops)',
    known: { method: 'hnsw', elementType: 'halfvec' },
  },
  {
    definition: 'CREATE INDEX i ON public.t USING hnsw (((binary_quantize(embedding))::bit(3)) bit_hamming_ops)',
    known: { method: 'other' },
  },
  {
    definition: "CREATE INDEX i ON public.t USING hnsw (embedding vector_ip_ops) WHERE (content = ' USING btree (id) WITH (m=8)'::text)",
    known: { method: 'hnsw', parameters: '' },
  },
  {
    definition: 'CREATE UNIQUE INDEX i ON public.t USING btree (embedding DESC) NULLS NOT DISTINCT',
    known: { method: 'btree' },
  },
  {
    definition: `CREATE INDEX "i ON x USING" ON ${ODD_TABLE} USING hnsw ("a vector" vector_cosine_ops)`,
    table: ODD_TABLE,
    column: 'a vector',
    known: { method: 'hnsw' },
  },
]) {
  test.serial(`an old index is built again as it was: ${definition}`, async (t) => {
    const { pool } = stage.db;
    await pool.query(`CREATE SCHEMA IF NOT EXISTS "a. ""schema USING"; DROP TABLE IF EXISTS ${table};
      CREATE TABLE ${table} (id bigint PRIMARY KEY, content text, "${column}" vector(3)); INSERT INTO ${table} VALUES (1, 'a', '[1,2,3]')`);
    await pool.query(definition);
    const [old] = await indexesOf(table, column);
    if (!old) return t.fail('not found');
    const { name, statement, ...found } = restoredIndex(plan, old);
    t.like(found, known);
    t.is('elementType' in found, 'elementType' in known || known.method === 'other');
    t.regex(statement, /^CREATE (UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS [^\0]+ ON \0table\0 USING /);
    await pool.query(`DROP INDEX ${table.replace(/[^.]*$/, '')}"${name}"`);
    await pool.query(statement.replace(present('table'), table));
    t.deepEqual(await indexesOf(table, column), [old]);
    const { rows } = await pool.query<{ definition: string }>(
      'SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = $1::regclass AND NOT indisprimary',
      [table],
    );
    t.deepEqual(rows, [{ definition }]);
  });
}

// As in the window of a person: where these tests run, CI may be set, or no TERM.
Object.assign(process.env, { TERM: 'xterm', CI: '' });

function indexesOf(table: string, column: string) {
  return inTransaction(stage.db.pool, async (client) => (await inspectTable(client, table, column)).indexes);
}

test('every index of a file is built with settings of its own, and an index of another kind without any', (t) => {
  const statements = buildIndexes(plan, [
    { name: 'one', method: 'hnsw', parameters: 'm = 8', elementType: 'halfvec', statement: 'CREATE one;' },
    { name: 'two', method: 'btree', parameters: '', statement: 'CREATE two;' },
  ]);
  t.regex(statements[0] ?? '', /^SET lock_timeout.*prepare_index_build\(.*'one'.*'m = 8',\n {2}p_element_type => 'halfvec'\n\);$/s);
  t.deepEqual(statements.slice(1), [
    'CREATE one;',
    "SELECT reembed.finish_index_build('a_campaign', 'one');",
    'RESET lock_timeout; RESET maintenance_work_mem; RESET max_parallel_maintenance_workers; RESET min_parallel_table_scan_size;',
    "SET lock_timeout = '10min';",
    'CREATE two;',
    'RESET lock_timeout;',
  ]);
});

const build: IndexBuild = {
  target: 'public.documents.embedding',
  campaign: 'a_campaign',
  index: 'documents_embedding_v2_idx',
  pid: 17,
  phase: 'building index: loading tuples',
  percent: 25,
  waiting_for: null,
  started_at: new Date(0),
  elapsed_seconds: 12,
  predicted_seconds: 200,
};

test('the line of an index build has its phase, share, time, what it waits for, what is left and what was predicted', (t) => {
  t.is(buildLine(build, 61), '25.0 %, ETA 61 s, loading tuples, 12 s, predicted 3 min');
  t.is(
    buildLine({ ...build, phase: 'waiting for old snapshots', percent: null, waiting_for: 'process 4', predicted_seconds: null }),
    'waits for process 4, waiting for old snapshots, 12 s',
  );
});

test('the time left comes from the prediction at first, and then from the pace of the build, which slows down as the graph grows', (t) => {
  t.is(secondsLeft({ ...build, percent: 0 }, 0), 200);
  t.is(secondsLeft({ ...build, predicted_seconds: null, percent: 0 }, 1), undefined);
  t.is(secondsLeft(build, undefined), undefined);
  const left = secondsLeft({ ...build, percent: 50 }, 100) ?? 0;
  t.true(left > 100 && left < 200, String(left));
});

test('on a terminal a build is a bar, which the end leaves as it was', async (t) => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  const display = createBuildDisplay(stream);
  display.say('predicted 3 min');
  display.update(build);
  display.update({ ...build, percent: 50 });
  display.stop();
  await new Promise(setImmediate);
  t.regex(written, /predicted 3 min\n/);
  t.regex(written, /documents_embedding_v2_idx █{12}░{12} 50\.0 %/);
});
