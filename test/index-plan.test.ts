import test from 'ava';
import { inTransaction } from '../src/database/connection.ts';
import { ReembedError } from '../src/errors.ts';
import type { CampaignRequest } from '../src/plan/campaign-request.ts';
import { draftCampaign } from '../src/plan/draft.ts';
import { shownDefinition } from '../src/plan/index-plan.ts';
import { inspectTable } from '../src/plan/inspect.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

/** The indexes that a campaign would build on the new vectors, after the given ones; the code of the error where it is refused. */
async function planned(indexes: string[], wanted: Partial<CampaignRequest>, dimensions = 16): Promise<string[] | string> {
  const { pool } = stage.db;
  await pool.query(`DROP TABLE IF EXISTS items; CREATE TABLE items (id bigint PRIMARY KEY, lang text, content text, embedding vector(${dimensions}));
    INSERT INTO items VALUES (1, 'en', 'a text', array_fill(1, ARRAY[${dimensions}])::vector)`);
  for (const index of indexes) await pool.query(`CREATE INDEX ${index.replace(' USING', ' ON items USING')}`);
  const request = { table: 'items', column: 'embedding', text: ['content'], to: 'new-model', dimensions: 24, ...wanted };
  const text = { textColumns: ['content'], textSql: '"content"', rows: 1, characters: 6, tokensPerCharacter: 0.25, longestTokens: 3 };
  try {
    const plan = await inTransaction(pool, async (client) => {
      const facts = await inspectTable(client, 'items', 'embedding');
      return draftCampaign(client, request, { facts, text, known: undefined }, { liveView: 'items_live', stamp: '1' });
    });
    return plan.indexes.map((index) => `${index.isMain ? 'main ' : ''}${index.finalName}: ${shownDefinition(plan, index)}`);
  } catch (error) {
    if (error instanceof ReembedError) return `${error.code}: ${error.message} | ${error.remedy}`;
    throw error;
  }
}

const WHOLE = 'whole_idx USING hnsw (embedding vector_cosine_ops)';
const PART = "part_idx USING hnsw (embedding vector_cosine_ops) WHERE lang = 'en'";
const HALF = 'half_idx USING hnsw ((embedding::halfvec(16)) halfvec_cosine_ops)';

for (const [what, indexes, wanted, expected] of [
  ['no index: the usual one is built', [], {}, ['main items_embedding_idx: USING hnsw (embedding_v2 public.vector_cosine_ops)']],
  [
    'two equal ones: both get a successor',
    [WHOLE, WHOLE.replace('whole', 'twin')],
    {},
    ['main whole_idx: USING hnsw (embedding_v2 public.vector_cosine_ops)', 'twin_idx: USING hnsw (embedding_v2 public.vector_cosine_ops)'],
  ],
  [
    'only a partial one: it is not made whole',
    [PART],
    {},
    ["part_idx: USING hnsw (embedding_v2 public.vector_cosine_ops) WHERE (lang = 'en'::text)"],
  ],
  [
    'the method of the main index can be changed, the others stay',
    [WHOLE, PART],
    { index: 'ivfflat', indexWith: 'lists = 7' },
    [
      'main whole_idx: USING ivfflat (embedding_v2 public.vector_cosine_ops) WITH (lists = 7)',
      "part_idx: USING hnsw (embedding_v2 public.vector_cosine_ops) WHERE (lang = 'en'::text)",
    ],
  ],
  [
    'a dropped one gets none',
    [WHOLE, PART],
    { dropIndex: ['whole_idx'] },
    ["part_idx: USING hnsw (embedding_v2 public.vector_cosine_ops) WHERE (lang = 'en'::text)"],
  ],
  ['none at all', [WHOLE, PART], { index: 'none' }, []],
  [
    'dimensions for which the type changes: the operator class is that of the type',
    [WHOLE, PART],
    { dimensions: 3072 },
    [
      'main whole_idx: USING hnsw (embedding_v2 public.halfvec_cosine_ops)',
      "part_idx: USING hnsw (embedding_v2 public.halfvec_cosine_ops) WHERE (lang = 'en'::text)",
    ],
  ],
  [
    'an expression fits a side table',
    [WHOLE, HALF],
    { storage: 'side-table' },
    [
      'main items_new_model_vectors_idx: USING hnsw (embedding public.vector_cosine_ops)',
      'items_new_model_vectors_2_idx: USING hnsw (((embedding)::public.halfvec(24)) public.halfvec_cosine_ops)',
    ],
  ],
  [
    'a condition on another column does not',
    [WHOLE, PART],
    { storage: 'side-table' },
    'index_needs_table: index part_idx names other columns of the table, which a side table does not have | use --storage column, or leave the index out: --drop-index part_idx',
  ],
  [
    'unless it is dropped',
    [WHOLE, PART],
    { storage: 'side-table', dropIndex: ['part_idx'] },
    ['main items_new_model_vectors_idx: USING hnsw (embedding public.vector_cosine_ops)'],
  ],
  [
    'an expression of another form',
    [WHOLE, 'odd_idx USING hnsw ((l2_normalize(embedding)::vector(16)) vector_l2_ops)'],
    {},
    'index_not_carried: index odd_idx cannot be built on the new vectors: its expression cannot be written for the new dimensions | without it: --drop-index odd_idx; contract then drops it with the old column',
  ],
  [
    'a condition on the vector',
    ['far_idx USING hnsw (embedding vector_cosine_ops) WHERE vector_norm(embedding) > 1'],
    {},
    'index_not_carried: index far_idx cannot be built on the new vectors: its condition is about the vector itself | without it: --drop-index far_idx; contract then drops it with the old column',
  ],
  [
    'a cast to the type that the new column has anyway',
    ['cast_idx USING hnsw ((embedding::halfvec(16)) halfvec_cosine_ops)'],
    { dimensions: 3999 },
    ['main cast_idx: USING hnsw (embedding_v2 public.halfvec_cosine_ops)'],
  ],
  [
    'fewer dimensions than the expression takes',
    ['first_idx USING hnsw ((subvector(embedding, 1, 8)::vector(8)) vector_l2_ops)'],
    { dimensions: 7 },
    'index_not_carried: index first_idx cannot be built on the new vectors: it takes 8 dimensions, more than the new vectors have | without it: --drop-index first_idx; contract then drops it with the old column',
  ],
  [
    'an index that does not exist',
    [WHOLE],
    { dropIndex: ['who_idx'] },
    'usage: who_idx is not an index on items.embedding | its indexes: whole_idx',
  ],
] as [string, string[], Partial<CampaignRequest>, string[] | string][]) {
  test.serial(`old indexes: ${what}`, async (t) => {
    t.deepEqual(await planned(indexes, wanted), expected);
  });
}

test.serial('the plan that create prints names the new column in each definition', async (t) => {
  await planned([WHOLE, PART], {});
  const { code, stderr } = await stage.workplace.run([
    ...['migrate', 'create', '--table', 'items', '--text', 'content', '--from', 'old-model', '--to', 'new-model'],
    ...['--dimensions', '24', '--no-probe', '--dry-run'],
  ]);
  t.is(code, 0, stderr);
  t.regex(stderr, /after part_idx: USING hnsw \(embedding_v2 public\.vector_cosine_ops\) WHERE \(lang = 'en'::text\)/);
});
