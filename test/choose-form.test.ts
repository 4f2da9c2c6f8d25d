import test from 'ava';
import { inTransaction } from '../src/database/connection.ts';
import { ReembedError } from '../src/errors.ts';
import type { CampaignRequest } from '../src/plan/campaign-request.ts';
import { draftCampaign } from '../src/plan/draft.ts';
import { shownDefinition } from '../src/plan/index-plan.ts';
import { inspectTable } from '../src/plan/inspect.ts';
import { createOptions } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

/** Type of the new vectors and their indexes; the code of the error where the campaign is refused. */
async function planned(request: Partial<CampaignRequest>, column = 'vector(1536)', indexes: string[] = []): Promise<string[]> {
  const { pool } = stage.db;
  const value = column.startsWith('sparsevec') ? "'{1:1}/1536'" : 'array_fill(1, ARRAY[1536])::real[]::vector';
  await pool.query(`DROP TABLE IF EXISTS items; CREATE TABLE items (id bigint PRIMARY KEY, lang text, content text, embedding ${column});
    INSERT INTO items VALUES (1, 'en', 'a text', ${value})`);
  for (const index of indexes) await pool.query(`CREATE INDEX ${index.replace(' USING', ' ON items USING')}`);
  const text = { textColumns: ['content'], textSql: '"content"', rows: 1, characters: 6, tokensPerCharacter: 0.25, longestTokens: 3 };
  try {
    const plan = await inTransaction(pool, async (client) => {
      const facts = await inspectTable(client, 'items', 'embedding');
      const wanted = { table: 'items', column: 'embedding', text: ['content'], to: 'new-model', dimensions: 4096, ...request };
      return draftCampaign(client, wanted, { facts, text, known: undefined }, { liveView: 'items_live', stamp: '1' });
    });
    return [
      `${plan.to.elementType}(${plan.to.dimensions})`,
      ...plan.indexes.map((index) => `${index.isMain ? 'main ' : ''}${shownDefinition(plan, index)}`),
    ];
  } catch (error) {
    if (error instanceof ReembedError) return [error.code, error.message];
    throw error;
  }
}

const WHOLE = 'whole_idx USING hnsw (embedding vector_cosine_ops)';
const PART = "part_idx USING hnsw (embedding vector_cosine_ops) WHERE lang = 'en'";
const BITS = 'hnsw (((public.binary_quantize((embedding_v2)::public.vector))::bit(4096)) public.bit_hamming_ops)';

for (const [what, request, expected, column, indexes] of [
  ['above the limit of every type, bits are indexed', {}, ['vector(4096)', `main USING ${BITS}`]],
  [
    'bits, with the parameters of the old index and its partial twin',
    {},
    ['vector(4096)', `main USING ${BITS}`, `USING ${BITS} WHERE (lang = 'en'::text)`],
    'vector(1536)',
    [WHOLE, PART],
  ],
  [
    'up to the limit of halfvec, halfvec is indexed',
    { dimensions: 3072 },
    ['halfvec(3072)', 'main USING hnsw (embedding_v2 public.halfvec_cosine_ops)'],
  ],
  [
    'bits of a halfvec',
    { type: 'halfvec' },
    ['halfvec(4096)', 'main USING hnsw (((public.binary_quantize((embedding_v2)::public.halfvec))::bit(4096)) public.bit_hamming_ops)'],
  ],
  [
    'halfvec below the limit of vector',
    { dimensions: 1024, type: 'halfvec' },
    ['halfvec(1024)', 'main USING hnsw (embedding_v2 public.halfvec_cosine_ops)'],
  ],
  [
    'the first dimensions of a known Matryoshka model',
    { to: 'Qwen/Qwen3-Embedding-8B', index: 'subvector:512' },
    [
      'vector(4096)',
      'main USING hnsw (((public.subvector((embedding_v2)::public.vector, 1, 512))::public.vector(512)) public.vector_cosine_ops)',
    ],
  ],
  [
    'the first dimensions, by the distance of the old index; its partial twin takes the vectors as far as they go',
    { index: 'subvector:256', matryoshka: true, dimensions: 1800 },
    [
      'vector(1800)',
      'main USING hnsw (((public.subvector((embedding_v2)::public.vector, 1, 256))::public.vector(256)) public.vector_l2_ops)',
      "USING hnsw (embedding_v2 public.vector_cosine_ops) WHERE (lang = 'en'::text)",
    ],
    'vector(1536)',
    ['whole_idx USING hnsw (embedding vector_l2_ops)', PART],
  ],
  ['no index at all', { index: 'none', dimensions: 16_000 }, ['vector(16000)']],
  [
    'more than pgvector stores',
    { index: 'none', dimensions: 16_001 },
    ['too_many_stored_dimensions', 'pgvector stores vectors of at most 16000 dimensions, not 16001'],
  ],
  [
    'an index on the vectors themselves above its limit',
    { index: 'hnsw' },
    [
      'too_many_dimensions',
      'an index on the vectors themselves does not take 4096 dimensions: the limit of vector is 2000, the limit of halfvec is 4000',
    ],
  ],
  [
    'bits of few dimensions',
    { index: 'binary', dimensions: 16 },
    [
      'binary_needs_dimensions',
      'an index on bits needs at least 1000 dimensions, and the new vectors have 16: too many of them would have the same bits',
    ],
  ],
  [
    'more of the first dimensions than there are',
    { index: 'subvector:4097', matryoshka: true },
    ['subvector_too_long', 'subvector:4097 is not a part of vectors of 4096 dimensions'],
  ],
  [
    'as many as there are',
    { index: 'subvector:1024', dimensions: 1024, matryoshka: true },
    ['subvector_too_long', 'subvector:1024 is not a part of vectors of 1024 dimensions'],
  ],
  [
    'more than an index takes',
    { index: 'subvector:2001', matryoshka: true },
    ['subvector_too_long', 'an index on vector takes at most 2000 dimensions, not 2001'],
  ],
  [
    'a model that is not known to be a Matryoshka model',
    { index: 'subvector:512' },
    ['not_matryoshka', 'new-model is not known as a Matryoshka model, whose first dimensions are usable alone'],
  ],
  ['a sparse vector', {}, ['column_not_a_vector', 'items.embedding is public.sparsevec(1536), not vector or halfvec'], 'sparsevec(1536)'],
  [
    'bits in place of a distance that they do not approximate',
    {},
    ['index_not_carried', 'index odd_idx cannot be built on the new vectors: bits do not approximate the distance of vector_l1_ops'],
    'vector(1536)',
    [WHOLE, 'odd_idx USING hnsw (embedding vector_l1_ops)'],
  ],
] as [string, Partial<CampaignRequest>, string[], string?, string[]?][]) {
  test.serial(`new vectors: ${what}`, async (t) => {
    t.deepEqual(await planned(request, column, indexes), expected);
  });
}

for (const index of ['subvector', 'subvector:0', 'subvector:-5', 'subvector:1e3', 'Binary']) {
  test.serial(`migrate create refuses --index ${index}`, async (t) => {
    const result = await stage.workplace.run(['migrate', 'create', ...createOptions('items', 'm', 4096), '--index', index]);
    t.is(result.code, 2, result.stderr);
    t.regex(result.stderr, /hnsw, ivfflat, binary, subvector:N/);
  });
}
