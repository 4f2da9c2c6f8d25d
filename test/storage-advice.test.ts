import test from 'ava';
import type { TableFacts } from '../src/plan/inspect.ts';
import type { ModelDefinition } from '../src/plan/plan.ts';
import { adviseStorage } from '../src/plan/storage.ts';

/** Chunks of text: eight rows of 1 kB in a page. */
function facts(rows: number, methods: string[], rowSecurity = false): TableFacts {
  const tableIndexes = methods.map((method, i) => ({ name: `index ${i}`, method }));
  return { rows, pages: Math.ceil(rows / 8), rowBytes: 1000, tableIndexes, rowSecurity } as TableFacts;
}

const model = { dimensions: 768, elementType: 'vector' } as ModelDefinition;

for (const [what, table, recommended] of [
  ['ten thousand rows', facts(10_000, ['btree', 'hnsw']), 'column'],
  ['a quarter of a million rows', facts(257_000, ['btree', 'hnsw']), 'column'],
  ['five million rows with a vector index', facts(5_000_000, ['btree', 'hnsw']), 'side-table'],
  ['five million rows with row level security', facts(5_000_000, ['btree', 'hnsw'], true), 'column'],
  ['a million rows with three vector indexes', facts(1_000_000, ['btree', 'hnsw', 'hnsw', 'ivfflat']), 'side-table'],
] as const) {
  test(`${what} call for ${recommended === 'column' ? 'a column' : 'a side table'}`, (t) => {
    const advice = adviseStorage(table, model);
    t.is(advice.recommended, recommended, JSON.stringify(advice));
    t.true(advice.column.seconds > advice.sideTable.seconds && advice.column.walBytes > advice.sideTable.walBytes);
  });
}

test('more dimensions, more indexes and fuller rows make a column more expensive', (t) => {
  const seconds = (table: TableFacts, dimensions = 768) => adviseStorage(table, { ...model, dimensions }).column.seconds;
  t.true(seconds(facts(10_000, ['hnsw']), 1536) > seconds(facts(10_000, ['hnsw'])));
  t.true(seconds(facts(10_000, ['hnsw', 'hnsw'])) > seconds(facts(10_000, ['hnsw'])));
  t.true(seconds({ ...facts(10_000, ['hnsw']), pages: 5000 }) > seconds(facts(10_000, ['hnsw'])));
});
