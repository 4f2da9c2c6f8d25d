import test from 'ava';
import fc from 'fast-check';
import { createDocuments, NEW_DIMENSIONS } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 5, { index: false });
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'expand');
});
test.after.always(() => stage.close());

// Long texts and tables of all sizes, so that most fill several blocks and are cut into several batches.
const row = fc.record({
  text: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 1900 }).map((length) => 'x'.repeat(length)) },
    fc.constantFrom(null, '', ' \t\r\n', '\u00a0'),
  ),
  hasVector: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  deleted: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
});
const rows = fc.array(row, { maxLength: 120, size: 'max' });

interface Batch {
  id: number;
  /** places as block and row within it, the end excluded */
  first: Place;
  end: Place;
  rows: number;
}

type Place = [block: number, row: number];

function isBefore([block, row]: Place, [otherBlock, otherRow]: Place): boolean {
  return block < otherBlock || (block === otherBlock && row < otherRow);
}

test.serial('every row that has a text but no vector is in one batch, and the ranges are in order and never meet', async (t) => {
  const { pool } = stage.db;
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 30 }), fc.boolean(), async (table, batchRows, vacuumed) => {
      await pool.query('TRUNCATE documents; DELETE FROM reembed.repeated_text; DELETE FROM reembed.batch');
      await pool.query(
        `INSERT INTO documents (id, content, embedding_v2)
         SELECT place, text, CASE WHEN has_vector THEN array_fill(1, ARRAY[${NEW_DIMENSIONS}])::vector END
           FROM unnest($1::text[], $2::boolean[]) WITH ORDINALITY AS item(text, has_vector, place)`,
        [table.map(({ text }) => text), table.map(({ hasVector }) => hasVector)],
      );
      await pool.query('DELETE FROM documents WHERE id = ANY ($1)', [table.flatMap(({ deleted }, i) => (deleted ? [i + 1] : []))]);
      // Emptied blocks at the end go, those between stay: both are tables that exist.
      if (vacuumed) await pool.query('VACUUM documents');
      const count = await pool.query<{ batches: number }>('SELECT reembed.plan_batches($1, $2)::integer AS batches', [campaign, batchRows]);

      const { rows: batches } = await pool.query<Batch>(
        `SELECT id::integer, rows, string_to_array(trim('()' FROM first_place::text), ',')::integer[] AS first,
                string_to_array(trim('()' FROM end_place::text), ',')::integer[] AS end FROM reembed.batch ORDER BY id`,
      );
      const { rows: places } = await pool.query<{ id: number; place: Place }>(
        "SELECT id::integer, string_to_array(trim('()' FROM ctid::text), ',')::integer[] AS place FROM documents",
      );
      const placeOf = new Map(places.map(({ id, place }) => [id, place]));
      const open = table.flatMap(({ text, hasVector, deleted }, i) =>
        text !== null && /[^ \t\r\n]/.test(text) && !hasVector && !deleted ? [placeOf.get(i + 1) as Place] : [],
      );

      t.is(count.rows[0]?.batches, batches.length);
      t.deepEqual(
        batches.map(({ id }) => id),
        batches.map((_, i) => i + 1),
      );
      t.true(batches.every(({ first, end }, i) => isBefore(first, end) && !isBefore(first, batches[i - 1]?.end ?? [-1, 0])));
      for (const { first, end, rows: planned } of batches) {
        t.is(planned, open.filter((place) => !isBefore(place, first) && isBefore(place, end)).length);
        t.true(planned <= Math.max(1, 1.2 * batchRows), `${planned} rows for ${batchRows}`);
        t.true(planned > 0);
      }
      t.is(
        batches.reduce((sum, batch) => sum + batch.rows, 0),
        open.length,
      );
    }),
    { numRuns: 30 },
  );
});
