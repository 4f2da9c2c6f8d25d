import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { testEmbedder, validateTable } from './harness/validation.ts';

let stage: Stage;
let campaign: string;
test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await createDocuments(pool, 400, { index: false });
  // Named as a column of the side table, so that a name without its table would be ambiguous.
  await pool.query("ALTER TABLE documents ADD COLUMN text_hash text DEFAULT 'mine', ADD COLUMN lang text");
  await pool.query("UPDATE documents SET lang = CASE WHEN id % 2 = 0 THEN 'en' ELSE 'de' END");
  campaign = await stage.draft({ table: 'documents', storage: 'side-table', textSql: "content || ' ' || text_hash" });
  await stage.bring(campaign, 'index');
});
test.after.always(() => stage.close());

test.serial('every part of a validation works where the new vectors are in a table of their own', async (t) => {
  const options = { embedder: testEmbedder, audit: 20, filters: ["lang = 'en'"], sliceBy: ['lang'], cutoffs: [0.8], seed: 5 };
  for (const kind of ['rows', 'generated'] as const) {
    const result = await validateTable(stage.database, 'documents', { ...options, queries: { kind }, sample: 40 });
    t.is(result.comparisons.length, 40, kind);
    t.is(result.index?.usable, true);
    t.deepEqual(result.filters.map(({ wantedRows, returnedRows }) => [wantedRows, returnedRows]).at(-1), [10, 10]);
    t.deepEqual(
      result.integrity.map(({ role, rows, zeroRows }) => [role, rows, zeroRows]),
      [
        ['new', 400, 0],
        ['old', 400, 0],
      ],
    );
    t.is(result.audit.new.rows.filter(({ similarity }) => (similarity ?? 0) > 0.999).length, 20);
    t.is(result.distributions.length, 4);
    t.deepEqual(result.reasons, []);
  }
});
