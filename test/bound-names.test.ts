import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { unboundNames, unboundNamesInFunction } from './harness/unbound-names.ts';

// Whoever may CREATE in a schema on a search_path has functions and operators of its own called by what is looked up along it.

test('the names that are looked up along the search_path are found in a text', async (t) => {
  for (const [text, ...expected] of [
    ['SELECT a IS DISTINCT FROM b FROM s.t', 'AEXPR_DISTINCT'],
    ['SELECT a IN (1, 2) FROM s.t', 'AEXPR_IN'],
    ['SELECT a IN (SELECT b FROM s.u) FROM s.t', 'subquery ANY_SUBLINK'],
    ['SELECT a BETWEEN 1 AND 2 FROM s.t', 'AEXPR_BETWEEN'],
    ['SELECT nullif(a, 1) FROM s.t', 'AEXPR_NULLIF'],
    ["SELECT a LIKE 'x' FROM s.t", 'AEXPR_LIKE'],
    ['SELECT CASE a WHEN 1 THEN 2 END FROM s.t', 'simple CASE'],
    ['SELECT 1 FROM s.t JOIN s.u USING (a)', 'JOIN … USING'],
    ['SELECT a = 1, f(a), a::citext FROM t', 'operator =', 'function f', 'type citext', 'relation t'],
    ['WITH c AS (SELECT 1) SELECT a OPERATOR(pg_catalog.=) 1, pg_catalog.f(a), a::integer, CASE WHEN a THEN 1 END FROM c'],
  ]) {
    t.deepEqual((await unboundNames(text as string)).toSorted(), expected.toSorted(), text);
  }
  t.deepEqual(
    (
      await unboundNamesInFunction(`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
      DECLARE v integer := 1 + 1; w timestamptz; BEGIN IF v < 2 THEN v := g(v); PERFORM h(v); END IF; END $$`)
    ).toSorted(),
    ['function g', 'function h', 'operator +', 'operator <', 'type timestamptz'],
  );
});

test('no function body of the toolkit that runs under a foreign search_path looks anything up along it', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  for (const [table, request] of [
    ['documents', { textSql: "content || ''" }],
    ['books', { storage: 'side-table' }],
  ] as const) {
    await createDocuments(pool, 10, { table });
    await stage.bring(await stage.draft({ table, ...request }), 'expand');
  }
  // Parsed bodies are bound when they are made.
  const { rows } = await pool.query<{ name: string; language: string; definition: string }>(
    `SELECT p.oid::regprocedure::text AS name, l.lanname AS language, pg_get_functiondef(p.oid) AS definition
       FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
      WHERE p.pronamespace IN ('reembed'::regnamespace, 'reembed_queue'::regnamespace) AND p.prosqlbody IS NULL
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s(setting) WHERE s.setting = 'search_path=pg_catalog, pg_temp')
      ORDER BY 1`,
  );
  t.true(rows.length > 8, String(rows.length));
  for (const { name, language, definition } of rows) {
    const body = /AS \$(\w+)\$(.*)\$\1\$/s.exec(definition)?.[2] ?? '';
    t.deepEqual(language === 'plpgsql' ? await unboundNamesInFunction(definition) : await unboundNames(body), [], name);
  }
});
