import test from 'ava';
import { counted, plural } from '../src/wording.ts';

test('one thing is named in the singular, none and several in the plural', (t) => {
  t.deepEqual(
    [0, 1, 2].map((count) => counted(count, 'row')),
    ['0 rows', '1 row', '2 rows'],
  );
  t.is(counted(1, 'query', 'queries'), '1 query');
  t.is(plural(2, 'row waits', 'rows wait'), 'rows wait');
});
