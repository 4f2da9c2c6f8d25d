import test from 'ava';
import type { Comparison } from '../src/compare/result.ts';
import { fillScifact, HAS_SCIFACT, SCIFACT_TEXT } from './harness/scifact.ts';
import { MINILM, USE_LITE } from './harness/scifact-data.ts';

// Difference of nDCG@10 to USE-lite on all 5,183 rows, by compare --sample 6000: 0.640 and 0.607 against 0.212.
const WHOLE_TABLE = [
  [MINILM.name, 0.428],
  ['minilm-192', 0.395],
] as const;

if (HAS_SCIFACT) {
  test('compare on a sample of SciFact gives the order of the whole table and intervals that hold its differences; a second run makes no call', async (t) => {
    t.timeout(300_000);
    const halved = { name: 'minilm-192', dimensions: 192, of: MINILM, make: (vector: Float32Array) => vector.slice(0, 192) };
    const { provider, place, queries, judgements } = await fillScifact(t, [USE_LITE, MINILM], { derived: [halved] });
    const args = [
      'compare',
      '--table',
      'abstracts',
      '--text-sql',
      SCIFACT_TEXT,
      '--from',
      USE_LITE.name,
      '--models',
      `${halved.name},${MINILM.name}`,
    ];
    const files = ['--queries', queries, '--judgements', judgements, '--seed', '1', '--json'];
    const startedAt = performance.now();
    const run = await place.run([...args, ...files]);
    t.is(run.code, 0, run.stderr);
    const sample = JSON.parse(run.stdout) as Comparison;
    const calls = provider.requests.length;
    t.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s, ${calls} calls, ${sample.sampledRows} of ${sample.tableRows} rows`);
    for (const { name, ndcg, outcome } of sample.models) t.log(name, ndcg?.value, ndcg?.difference, outcome?.kind);

    const again = JSON.parse((await place.run([...args, ...files])).stdout) as Comparison;
    t.is(provider.requests.length, calls);
    t.deepEqual(
      again.models.map(({ ndcg }) => ndcg),
      sample.models.map(({ ndcg }) => ndcg),
    );

    const models = sample.models.map(({ name }) => name);
    t.deepEqual(models, [MINILM.name, halved.name, USE_LITE.name]);
    for (const [name, truth] of WHOLE_TABLE) {
      const { ndcg, outcome } = sample.models.find((model) => model.name === name) ?? {};
      const interval = ndcg?.difference;
      t.true(interval !== undefined && interval !== null && interval.low <= truth && truth <= interval.high, name);
      t.is(outcome?.kind, 'worth it');
    }
  });
} else {
  test('candidates on SciFact are compared on a real server beside which its data lies', (t) => {
    t.false(HAS_SCIFACT);
  });
}
