import { PassThrough } from 'node:stream';
import test from 'ava';
import { buildLine, createBuildDisplay, secondsLeft } from '../src/commands/show-index-build.ts';
import type { IndexBuild } from '../src/phases/index-build.ts';
import { buildIndexes, readDefinition } from '../src/phases/index-statements.ts';
import { present } from '../src/phases/phase.ts';
import type { CampaignPlan } from '../src/plan/plan.ts';

const plan = { campaign: 'a_campaign', from: { elementType: 'vector' } } as CampaignPlan;

for (const [definition, known] of [
  [
    'CREATE INDEX i ON public.t USING hnsw (embedding vector_cosine_ops)',
    {
      method: 'hnsw',
      parameters: '',
      statement: `CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON ${present('table')} USING hnsw (embedding vector_cosine_ops);`,
    },
  ],
  [
    "CREATE INDEX i ON public.t USING hnsw (embedding vector_l2_ops) WITH (m='24', ef_construction='100') WHERE (id > 0)",
    { method: 'hnsw', parameters: 'm=24, ef_construction=100' },
  ],
  ["CREATE INDEX i ON public.t USING ivfflat (embedding) WITH (lists='50')", { method: 'ivfflat', parameters: 'lists=50' }],
  ['CREATE INDEX i ON t USING hnsw (((embedding)::halfvec(3072)) halfvec_cosine_ops)', { method: 'hnsw', elementType: 'halfvec' }],
  ['CREATE INDEX i ON t USING hnsw (((binary_quantize(embedding))::bit(1536)) bit_hamming_ops)', { method: 'other' }],
  [
    'CREATE UNIQUE INDEX i ON t USING btree (embedding)',
    { method: 'btree', statement: `CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ${present('table')} USING btree (embedding);` },
  ],
  [
    'CREATE INDEX i ON "a. ""schema USING"."my ON table" USING hnsw ("a vector" vector_cosine_ops)',
    {
      method: 'hnsw',
      statement: `CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON ${present('table')} USING hnsw ("a vector" vector_cosine_ops);`,
    },
  ],
] as const) {
  test(`the parameters of an index are read from its definition: ${definition}`, (t) => {
    t.like(readDefinition(plan, { name: 'i', definition }), { name: 'i', ...known });
  });
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
  t.is(buildLine(build, 61), '25.0%, ETA 61 s, loading tuples, 12 s, predicted 3 min');
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
  t.regex(written, /documents_embedding_v2_idx █{12}░{12} 50\.0%/);
});
