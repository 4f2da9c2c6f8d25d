import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { type ValidateOptions, validate } from '../src/validation/validate.ts';
import { HAS_SCIFACT_DATA } from './harness/scifact-data.ts';
import { createSubsetCampaign, readScifactSubset, type ScifactSubset, type SubsetModel } from './harness/scifact-subset.ts';
import { figuresOf, openWithSchema } from './harness/validation.ts';

const folder = mkdtempSync(join(tmpdir(), 'reembed-models-'));
const path = join(folder, 'queries.jsonl');
let database: Database;
let scifact: ScifactSubset;

test.before(async () => {
  if (!HAS_SCIFACT_DATA) return;
  database = await openWithSchema();
  scifact = readScifactSubset();
  writeFileSync(path, scifact.queries.map((query) => JSON.stringify(query)).join('\n'));
});
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.close();
});

const create = (table: string, from: SubsetModel, to: SubsetModel) => createSubsetCampaign(database.pool, scifact, table, from, to);

/** Validates a table, by all judged queries unless said otherwise, and returns its verdict with the codes of what led to it. */
async function run(table: string, options: Partial<ValidateOptions> = {}) {
  const { judgements, embedder } = scifact;
  const result = await validate(database, { target: table, queries: { kind: 'file', path }, judgements, embedder, seed: 1, ...options });
  const { rows } = await database.pool.query<{ outcome: string; code: string }>('SELECT outcome, code FROM reembed.judge_validation($1)', [
    result.id,
  ]);
  const codes = (outcome: string) => rows.filter((row) => row.outcome === outcome).map(({ code }) => code);
  return { ...figuresOf(result), fail: codes('fail'), unsure: codes('unsure') };
}

/** The same, as if no query had been judged before. The audit of an earlier run still counts. */
async function runAlone(table: string, options: Partial<ValidateOptions> = {}) {
  await database.pool.query(
    'DELETE FROM reembed.validation_query AS q USING reembed.validation AS v WHERE v.id = q.validation AND v.campaign = $1',
    [`move_${table}`],
  );
  return run(table, options);
}

const unjudged = { queries: { kind: 'rows' }, judgements: undefined, sample: 50 } as const;

if (HAS_SCIFACT_DATA) {
  test.serial('a better model is unsure without judgements, never fails by 20 judged queries, and passes by 100 and by 300', async (t) => {
    await create('improved', scifact.models.useLite, scifact.models.minilm);
    const without = await runAlone('improved', { ...unjudged, audit: 300 });
    t.deepEqual([without.verdict, without.fail, without.unsure], ['unsure', [], ['no_judgements']]);
    for (const seed of [1, 2]) {
      const few = await runAlone('improved', { sample: 20, seed });
      t.deepEqual([few.judgedQueries, few.fail], [20, []]);
      t.log(few.verdict);
      const more = await runAlone('improved', { sample: 100, seed });
      t.is(more.verdict, 'pass', `${more.doubts}`);
    }
    const all = await runAlone('improved');
    t.log(all.ndcg);
    t.deepEqual([all.judgedQueries, all.verdict], [300, 'pass']);
  });

  test.serial('a worse model is unsure without judgements, never passes by 20 judged queries, and fails by 100 and by 300', async (t) => {
    await create('worsened', scifact.models.minilm, scifact.models.useLite);
    const without = await runAlone('worsened', { ...unjudged, audit: 300 });
    t.deepEqual([without.verdict, without.unsure], ['unsure', ['no_judgements']]);
    for (const seed of [1, 2]) {
      const few = await runAlone('worsened', { sample: 20, seed });
      t.log(few.verdict);
      t.not(few.verdict, 'pass');
      t.deepEqual((await runAlone('worsened', { sample: 100, seed })).fail, ['quality_lost']);
    }
    const all = await runAlone('worsened');
    t.log(all.ndcg);
    t.deepEqual([all.judgedQueries, all.verdict, all.fail, all.unsure], [300, 'fail', ['quality_lost'], []]);
  });

  test.serial('after a certain fail, neither a dozen runs of three judged queries nor one without judgements undo it', async (t) => {
    for (let seed = 1; seed <= 12; seed++) {
      const tiny = await run('worsened', { sample: 3, seed });
      t.is(tiny.queries.length, 3);
      t.deepEqual(tiny.fail, ['quality_lost'], `${seed}`);
    }
    const last = await run('worsened', unjudged);
    t.deepEqual([last.verdict, last.fail], ['fail', ['quality_lost']]);
    t.regex(last.reasons.join(), /nDCG@10 of 300 queries judged by people went from 0\.8\d+ to 0\.3\d+/);
  });

  test.serial(
    'a model that knows words only fails by judged queries, and does not pass by queries that repeat the words of their rows',
    async (t) => {
      await create('counted', scifact.models.minilm, scifact.models.wordCounts);
      const judged = await runAlone('counted', { audit: 300 });
      t.deepEqual([judged.verdict, judged.fail], ['fail', ['quality_lost']]);
      const few = [await runAlone('counted', { sample: 20 }), await runAlone('counted', { sample: 20, seed: 3 })];
      t.deepEqual(
        few.map(({ fail, unsure }) => [...fail, ...unsure]),
        [['quality_lost'], ['quality_undecided']],
        'twenty queries say it, or say that they cannot',
      );

      const made = { queries: { kind: 'generated' }, judgements: undefined, sample: 100 } as const;
      const risen = await runAlone('counted', made);
      t.log(judged.ndcg, risen.ndcg, risen.lexicalShare);
      t.true((risen.lexicalShare ?? 0) > 0.5 && (risen.ndcg?.after ?? 0) > (risen.ndcg?.before ?? 1) + 0.1);
      t.deepEqual([risen.verdict, risen.fail, risen.unsure], ['unsure', [], ['lexical_queries']]);
      t.deepEqual((await run('counted', { sample: 100 })).fail, ['quality_lost'], 'judged queries overrule them');
      t.deepEqual((await run('counted', { ...made, seed: 2 })).fail, ['quality_lost'], 'they do not overrule judged queries');
    },
  );

  test.serial('a model that is blind in one language fails by its name with --slice-by, although the whole got better', async (t) => {
    await create('blinded', scifact.models.useLite, scifact.models.blindInGerman);
    const whole = await runAlone('blinded', { audit: 300 });
    t.log(whole.ndcg);
    t.is(whole.verdict, 'pass', 'nothing names the language');
    const sliced = await runAlone('blinded', { sliceBy: ['lang'] });
    t.deepEqual([sliced.verdict, sliced.fail], ['fail', ['slice_lost']]);
    t.regex(sliced.reasons.join(), /^nDCG@10 where lang is de fell from 0\.\d+ to 0\.0\d+ in \d+ queries, /);
    t.deepEqual((await run('blinded', { sample: 20 })).fail, ['slice_lost'], 'also when a later run does not slice');
  });
} else {
  test('verdicts on real models are checked where the data of SciFact lies', (t) => {
    t.false(HAS_SCIFACT_DATA);
  });
}
