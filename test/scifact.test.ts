import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { overall } from '../src/validation/metrics/metrics.ts';
import { validate } from '../src/validation/validate.ts';
import { createScifact, HAS_SCIFACT } from './harness/scifact.ts';
import { chooseScifactDocuments, MINILM, readScifactDocuments, USE_LITE } from './harness/scifact-data.ts';
import { createSubsetCampaign, readScifactSubset, SUBSET_ROWS } from './harness/scifact-subset.ts';
import { openWithSchema } from './harness/validation.ts';

interface Figures {
  verdict: string;
  ndcg_before: number;
  ndcg_after: number;
  index_recall: number;
  score_cutoffs: {
    basis: string;
    share_before: number;
    share_after: number;
    f1_before: number;
    f1_after: number;
  }[];
  truth_audit: { role: string; rows: number; agreeing_rows: number }[];
}

const isNear = (value: number | null | undefined, expected: number, tolerance = 0.001) =>
  Math.abs((value ?? Number.NaN) - expected) <= tolerance;

if (HAS_SCIFACT) {
  test.serial(
    'on all of SciFact, validate computes what trec_eval does: nDCG@10 0.212 -> 0.640 from USE-lite to MiniLM, overlap@10 0.12',
    async (t) => {
      t.timeout(300_000);
      const database = await openWithSchema();
      t.teardown(database.close);
      const folder = mkdtempSync(join(tmpdir(), 'reembed-scifact-'));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const scifact = readScifactSubset(readScifactDocuments().length);
      const { queries, judgements, models, embedder } = scifact;
      await createSubsetCampaign(database.pool, scifact, 'abstracts', models.useLite, models.minilm);
      const path = join(folder, 'queries.jsonl');
      writeFileSync(path, queries.map((query) => JSON.stringify(query)).join('\n'));
      const { metrics } = await validate(database, { queries: { kind: 'file', path }, judgements, embedder });
      const [ndcg, overlap] = [overall(metrics, 'ndcg'), overall(metrics, 'overlap')];
      t.log(ndcg, overlap);
      t.is(ndcg?.queries, 300);
      t.true(isNear(ndcg?.before, 0.212) && isNear(ndcg?.after, 0.64) && isNear(overlap?.value, 0.12, 0.005));
      const { value = 0, low, high } = ndcg ?? {};
      t.true((low ?? 0) > 0.35 && (low ?? 1) < value && value < (high ?? 0) && (high ?? 1) < 0.5);
    },
  );

  test.serial(
    'a whole campaign on a part of SciFact, through the command: it passes, is audited, moves the cut-off and switches',
    async (t) => {
      t.timeout(300_000);
      const { chosen } = chooseScifactDocuments(SUBSET_ROWS);
      const { database, place, queries, judgements } = await createScifact(t, USE_LITE, MINILM, chosen);
      const validation = await place.run(['validate', '--queries', queries, '--judgements', judgements, '--cutoff', '0.5', '--json']);
      t.is(validation.code, 0, validation.stderr);
      const figures = JSON.parse(validation.stdout) as Figures;
      t.log(figures.ndcg_before, figures.ndcg_after, figures.index_recall);
      t.true(isNear(figures.ndcg_before, 0.355) && isNear(figures.ndcg_after, 0.819) && figures.index_recall > 0.95);
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
    },
  );
} else {
  test('the figures of SciFact are checked on a real server beside which its data lies', (t) => {
    t.false(HAS_SCIFACT);
  });
}
