import test from 'ava';
import { createScifact, HAS_SCIFACT } from './harness/scifact.ts';
import { MINILM, USE_LITE } from './harness/scifact-data.ts';

interface Figures {
  verdict: string;
  reasons: string[];
  doubts: string[];
  queries: number;
  ndcg_before: number;
  ndcg_after: number;
  overlap: number;
  index_recall: number;
  metrics: { metric: string; slice: string; value: number; low: number; high: number }[];
  score_cutoffs: {
    basis: string;
    old_cutoff: number;
    new_cutoff: number;
    share_before: number;
    share_after: number;
    f1_before: number;
    f1_after: number;
  }[];
  truth_audit: { role: string; rows: number; agreeing_rows: number }[];
}

if (HAS_SCIFACT) {
  test('SciFact moves from USE-lite to MiniLM with the published figures: nDCG@10 0.212 -> 0.640, overlap@10 0.12', async (t) => {
    t.timeout(300_000);
    const { database, place, queries, judgements } = await createScifact(t, USE_LITE, MINILM);
    const validation = await place.run(['validate', '--queries', queries, '--judgements', judgements, '--cutoff', '0.5', '--json']);
    t.is(validation.code, 0, validation.stderr);
    const figures = JSON.parse(validation.stdout) as Figures;
    const ndcg = figures.metrics.find(({ metric, slice }) => metric === 'ndcg' && slice === '');
    t.log(figures.queries, figures.ndcg_before, figures.ndcg_after, ndcg?.low, ndcg?.high, figures.overlap, figures.index_recall);
    t.true(Math.abs(figures.ndcg_before - 0.212) <= 0.001);
    t.true(Math.abs(figures.ndcg_after - 0.64) <= 0.001);
    t.true(Math.abs(figures.overlap - 0.12) <= 0.005);
    t.true(ndcg !== undefined && ndcg.low > 0.35 && ndcg.low < ndcg.value && ndcg.value < ndcg.high && ndcg.high < 0.5);
    t.deepEqual(
      figures.truth_audit.map(({ role, rows, agreeing_rows }) => [role, rows, agreeing_rows]),
      [
        ['new', 300, 300],
        ['old', 300, 300],
      ],
    );

    const [same, best] = figures.score_cutoffs;
    t.log(same, best);
    // Of the 3,000 rows that 300 queries get, one more or less is kept by the next cut-off.
    t.true(same !== undefined && Math.abs(same.share_before - same.share_after) <= 1 / 3000 + 1e-9);
    t.true(best !== undefined && best.basis === 'best_f1' && best.f1_after > 2 * best.f1_before);

    t.is((await place.run(['migrate', 'up'])).code, 3);
    const { rows } = await database.pool.query('SELECT DISTINCT embedding_model FROM abstracts_live');
    t.deepEqual(rows, [{ embedding_model: MINILM.name }]);
  });
} else {
  test('the figures of SciFact are checked on a real server beside which its data lies', (t) => {
    t.false(HAS_SCIFACT);
  });
}
