import test from 'ava';
import type { TableFacts } from '../src/plan/inspect.ts';
import type { InventoryFinding } from '../src/plan/inventory/finding.ts';
import type { ModelDefinition } from '../src/plan/plan.ts';
import { chooseAutomatically, storageCosts } from '../src/plan/storage.ts';

/** Chunks of text: eight rows of 1 kB in a page. */
function facts(rows: number, methods: string[], more: Partial<TableFacts> = {}): TableFacts {
  const tableIndexes = methods.map((method, i) => ({ name: `index ${i}`, method }));
  return {
    rows,
    pages: Math.ceil(rows / 8),
    rowBytes: 1000,
    tableIndexes,
    rowSecurity: false,
    sideTable: null,
    column: 'embedding',
    ...more,
  } as TableFacts;
}

const model = { dimensions: 768, elementType: 'vector' } as ModelDefinition;
const large = facts(5_000_000, ['btree', 'hnsw']);
const finding = (found: Partial<InventoryFinding>) =>
  ({ severity: 'harm', storage: 'column', code: 'triggers-fire', ...found }) as InventoryFinding;

for (const [what, table, findings, isOnlyRead, storage] of [
  ['a large table without harms', large, [finding({ severity: 'note' })], true, 'column'],
  ['a harm to a table whose vectors the application may write', large, [finding({})], false, 'column'],
  ['a harm to a table whose vectors the application only reads', large, [finding({})], true, 'side-table'],
  ['a harm to a table whose vectors are in a side table', facts(10, [], { sideTable: 'beside' }), [finding({})], false, 'side-table'],
  ['a harm that holds with both storages', large, [{ severity: 'harm', code: 'rows-without-text' } as InventoryFinding], true, 'column'],
  ['a harm to a table with row level security', facts(10, [], { rowSecurity: true }), [finding({})], true, 'column'],
  [
    'a harm where a side table is refused',
    large,
    [finding({}), finding({ severity: 'refusal', storage: 'side-table', code: 'subscribers-lack-tables' })],
    true,
    'column',
  ],
] as const) {
  test(`${what}: ${storage}`, (t) => {
    t.is(chooseAutomatically(table, findings, isOnlyRead).storage, storage);
  });
}

test('a column is more expensive than a side table, and more so with dimensions, indexes and fuller rows', (t) => {
  const seconds = (table: TableFacts, dimensions = 768) => storageCosts(table, { ...model, dimensions }).column.seconds;
  const costs = storageCosts(large, model);
  t.true(costs.column.seconds > costs.sideTable.seconds && costs.column.walBytes > costs.sideTable.walBytes);
  t.true(seconds(facts(10_000, ['hnsw']), 1536) > seconds(facts(10_000, ['hnsw'])));
  t.true(seconds(facts(10_000, ['hnsw', 'hnsw'])) > seconds(facts(10_000, ['hnsw'])));
  t.true(seconds({ ...facts(10_000, ['hnsw']), pages: 5000 }) > seconds(facts(10_000, ['hnsw'])));
});
