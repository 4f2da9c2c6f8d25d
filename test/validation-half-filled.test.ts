import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { reportText } from '../src/validation/report/report-text.ts';
import { validate } from '../src/validation/validate.ts';
import { NoQueries } from '../src/validation/validation-error.ts';
import { createDocuments, textOf } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { testEmbedder, validateTable } from './harness/validation.ts';

const ROWS = 240;

for (const storage of ['column', 'side-table'] as const) {
  test(`while a backfill runs, both models are compared on the rows that have both vectors: ${storage}`, async (t) => {
    const stage = await createStage();
    const folder = mkdtempSync(join(tmpdir(), 'reembed-half-'));
    try {
      const { pool } = stage.db;
      await createDocuments(pool, ROWS);
      const campaign = await stage.draft({ table: 'documents', storage, batchRows: 30 });
      const path = join(folder, 'queries.jsonl');
      const queryIds = Array.from({ length: ROWS }, (_, i) => i + 1).filter((id) => id % 6 === 0);
      writeFileSync(path, queryIds.map((id) => JSON.stringify({ id: `q${id}`, text: textOf(id) })).join('\n'));
      // The row that a text was taken from is the relevant one; 9999 is in no table.
      const relevant = (id: number) => (id === 6 ? ['6', '9999'] : [String(id)]);
      const judgements = new Map(queryIds.map((id) => [`q${id}`, new Map(relevant(id).map((row) => [row, 1]))]));
      const options = { queries: { kind: 'file', path } as const, judgements, embedder: testEmbedder, k: 5, seed: 1 };

      await stage.bring(campaign, 'expand');
      await t.throwsAsync(validateTable(stage.database, 'documents', options), { instanceOf: NoQueries, message: /vector of both models/ });

      await stage.bring(campaign, 'backfill');
      await stage.workHalf();
      const stored = await pool.query<{ ids: string[] }>(
        `SELECT array_agg(id::text) AS ids FROM ${await newView(pool)} WHERE embedding IS NOT NULL`,
      );
      const both = new Set(stored.rows[0]?.ids);
      t.true(both.size > 20 && both.size < ROWS - 20, `${both.size} rows have both vectors`);

      const run = await validate(stage.database, { target: 'documents', ...options });
      t.is(run.comparedRows, both.size);
      for (const { results } of run.comparisons) for (const { key } of [...results.before, ...results.after]) t.true(both.has(key), key);
      // A text finds its own row in both models, where the row has both vectors; the others are not judged at all.
      const judged = run.comparisons.filter((one) => one.judged !== null);
      const comparable = queryIds.filter((id) => both.has(String(id)) || id === 6);
      t.is(judged.length, comparable.length);
      t.is(run.judgedRowsPending, queryIds.filter((id) => !both.has(String(id))).length);
      t.is(run.judgedRowsMissing, 1);
      for (const { query, judged: figures } of judged.filter(({ query }) => query.id !== 'q6'))
        t.deepEqual(figures?.recall, { before: 1, after: 1 }, query.id);
      t.deepEqual(run.reasons, []);
      t.regex(run.warnings.join(), new RegExp(`the backfill has not ended: only the ${both.size} rows .* preliminary`));
      const text = reportText(run, 3);
      t.regex(
        text,
        new RegExp(`\\nthe backfill has not ended: ${both.size} of ${ROWS} rows have both vectors, and only these were searched\\n`),
      );
      t.regex(text, /\n\d+ rows judged relevant have no vector of one model yet and were left out, for both models\.\n/);
      t.deepEqual(
        text.split('\n').filter((line) => line.length > 100),
        [],
      );

      const byRows = await validateTable(stage.database, 'documents', { sample: 30 });
      t.is(byRows.queries.length, 30);
      t.true(byRows.queries.every(({ label }) => both.has(label)));

      // Without any relevant row that can be compared there is nothing to judge.
      const lacking = String(queryIds.find((id) => id !== 6 && !both.has(String(id))));
      const outside = new Map([...both].map((id) => [id, new Map([[lacking, 1]])]));
      await t.throwsAsync(validateTable(stage.database, 'documents', { judgements: outside }), {
        instanceOf: NoQueries,
        message: /none of the rows that are judged relevant has a vector of both models yet/,
      });

      // A preliminary run does not open the gate.
      await stage.bring(campaign, 'index');
      const gate = await pool.query<{ code: string }>('SELECT code FROM reembed.switch_gate($1)', [campaign]);
      t.deepEqual(
        gate.rows.map(({ code }) => code),
        ['validation_outdated'],
      );
      const whole = await validateTable(stage.database, 'documents', options);
      t.is(whole.comparedRows, null);
      t.is(whole.judgedQueries, queryIds.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await stage.close();
    }
  });
}

/** The view that shows the new vectors, wherever they are stored. */
async function newView(pool: Database['pool']): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT format('%I.%I', reembed.view_schema(target), reembed.model_view_name(target, model)) AS name FROM reembed.vector_column WHERE role = 'new'",
  );
  return rows[0]?.name ?? '';
}
