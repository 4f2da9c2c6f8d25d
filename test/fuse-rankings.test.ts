import test from 'ava';
import { fuseRankings } from '../src/index.ts';

test('fused ranks are those of the paper: 1 / (60 + rank) in each list, the first place of an item that comes twice', (t) => {
  t.deepEqual(
    fuseRankings(
      [
        ['a', 'b', 'c'],
        ['c', 'd'],
      ],
      (id) => id,
    ),
    ['c', 'a', 'b', 'd'],
  );
  // b: 1/62 + 1/61; a: 1/61 + 1/63; c: 1/63 + 1/62
  t.deepEqual(
    fuseRankings(
      [
        ['a', 'b', 'c'],
        ['b', 'c', 'a'],
      ],
      (id) => id,
    ),
    ['b', 'a', 'c'],
  );
  t.deepEqual(
    fuseRankings([['a', 'a', 'a'], ['b']], (id) => id),
    ['a', 'b'],
  );
  t.deepEqual(
    fuseRankings([], (id) => id),
    [],
  );
});
