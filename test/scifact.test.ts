import test from 'ava';
import { createScifact, HAS_SCIFACT, MINILM, USE_LITE } from './harness/scifact.ts';

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
    const judged = ['validate', '--queries', queries, '--judgements', judgements];
    const unjudged = await place.run(['validate']);
    t.is(unjudged.code, 5, unjudged.stderr);
    t.regex(unjudged.stdout, /\nUNSURE\n {2}- no query was judged, so nothing is known about the quality of the new model\n$/);
    t.regex((await place.run(['migrate', 'up'])).stderr, /the last validation is unsure/);
    for (const sample of ['20', '100']) {
      const { code, stdout } = await place.run([...judged, '--sample', sample, '--seed', '1', '--audit', '0']);
      t.true(code === 0 || (code === 5 && sample === '20'), `${sample}: ${stdout}`);
    }
    const validation = await place.run([...judged, '--cutoff', '0.5', '--json']);
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
        ['new', 50, 50],
        ['old', 50, 50],
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

  test('the same campaign reversed is refused by the gate, and neither tiny runs nor one without judgements open it again', async (t) => {
    t.timeout(300_000);
    const { database, place, queries, judgements } = await createScifact(t, MINILM, USE_LITE);
    const judged = ['validate', '--queries', queries, '--judgements', judgements, '--audit', '0'];
    t.is((await place.run(['validate', '--audit', '0'])).code, 5);
    const few = await place.run([...judged, '--sample', '20', '--seed', '1']);
    t.true(few.code === 4 || few.code === 5, few.stdout);
    t.is((await place.run([...judged, '--sample', '100', '--seed', '1'])).code, 4);
    const validation = await place.run(judged);
    t.is(validation.code, 4);
    t.regex(
      validation.stdout,
      /\nFAIL\n {2}- nDCG@10 of 300 queries judged by people went from 0\.6\d+ to 0\.2\d+, and a loss of 0\.0320 is/,
    );
    const closed = await place.run(['migrate', 'up']);
    t.is(closed.code, 3);
    t.regex(closed.stderr, /the last validation failed: nDCG@10 of 300 queries judged by people went from 0\.6/);

    for (const seed of ['1', '2', '3']) t.is((await place.run([...judged, '--sample', '3', '--seed', seed])).code, 4);

    const unjudged = await place.run(['validate', '--audit', '0']);
    t.is(unjudged.code, 4);
    t.regex(unjudged.stderr, /nDCG@10 of 300 queries judged by people went from 0\.6\d+ to 0\.2\d+/);
    t.is((await place.run(['migrate', 'up'])).code, 3);
    const { rows } = await database.pool.query('SELECT DISTINCT embedding_model FROM abstracts_live');
    t.deepEqual(rows, [{ embedding_model: MINILM.name }]);
  });
} else {
  test('the figures of SciFact are checked on a real server beside which its data lies', (t) => {
    t.false(HAS_SCIFACT);
  });
}
