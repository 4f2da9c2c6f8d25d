import test from 'ava';
import { mapQuery } from '../src/reading/bridge.ts';

test('a query is multiplied with each row of the map, also where rows and components are no multiple of four', (t) => {
  t.deepEqual([...mapQuery(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), [1, 10, 100, 1000, 10000, 100000])], [654321, 1320987]);
  t.deepEqual([...mapQuery(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), [1, 10])], [21, 43, 65, 87, 109]);
});
