import test from 'ava';
import fc from 'fast-check';
import pg from 'pg';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

const RUNS = process.env.TEST_DATABASE_URL ? 5 : 2;
const CANARY = 'CREATE TABLE public.canary ()';
// Whatever ends a literal, a name, a comment or a body where it stands in SQL, in a template or in a file of JavaScript.
const ENDS = [
  '"',
  "'",
  '`',
  '\n',
  '\r',
  '\u2028',
  '*/',
  '--',
  '$$',
  '$body$',
  '$do$',
  '$up$',
  '${',
  '}',
  '{table}',
  '%I',
  '%s',
  '\\',
  ');',
  ',',
];
const hostile = fc
  .tuple(fc.array(fc.constantFrom(...ENDS), { minLength: 1, maxLength: 3 }), fc.constantFrom('--', '/*', ...ENDS))
  .map(([ends, last]) => `${ends.join('')}; ${CANARY}; ${last}`);
const names = fc.record({ schema: hostile, table: hostile, key: hostile, text: hostile, vector: hostile, toName: hostile });
/** Each name would end the body of a function, by the usual tag and by the one that is tried next. */
const endsBodies = (name: string) => `${name}$body$; ${CANARY}; $_body$`;
const ENDING_BODIES = {
  ...{ schema: endsBodies('s'), table: endsBodies('t'), key: endsBodies('k') },
  ...{ text: endsBodies('x'), vector: endsBodies('v'), toName: endsBodies('n') },
};

for (const storage of ['column', 'side-table'] as const) {
  test(`names with quotes and comment marks execute no SQL in any phase, forward and back: ${storage}`, async (t) => {
    t.timeout(240_000);
    const stage = await createStage();
    t.teardown(stage.close);
    const { pool } = stage.db;
    const quote = pg.escapeIdentifier;
    await fc.assert(
      fc.asyncProperty(names, async ({ schema, table, key, text, vector, toName }) => {
        fc.pre(new Set([key, text, vector]).size === 3);
        const qualified = `${quote(schema)}.${quote(table)}`;
        await pool.query(`CREATE SCHEMA ${quote(schema)};
          CREATE TABLE ${qualified} (${quote(key)} integer PRIMARY KEY, ${quote(text)} text, ${quote(vector)} vector(${OLD_DIMENSIONS}));
          INSERT INTO ${qualified} SELECT i, 'text ' || i, array_fill(i::real, ARRAY[${OLD_DIMENSIONS}])::vector FROM generate_series(1, 5) AS i`);
        const campaign = await stage.draft({
          table: qualified,
          column: vector,
          text: [text],
          from: OLD_MODEL,
          to: NEW_MODEL,
          toName,
          dimensions: NEW_DIMENSIONS,
          storage,
        });
        await stage.bring(campaign, 'contract');
        await stage.bring(campaign, 'expand');
        await stage.down();
        const { rows } = await pool.query("SELECT to_regclass('public.canary') AS canary");
        t.is(rows[0].canary, null);
        await pool.query(`DROP SCHEMA ${quote(schema)} CASCADE`);
      }),
      { examples: [[ENDING_BODIES]], numRuns: RUNS, seed: 11, endOnFailure: true, includeErrorInReport: true },
    );
  });
}
