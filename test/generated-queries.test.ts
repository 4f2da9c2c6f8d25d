import test from 'ava';
import { generateQueries } from '../src/validation/queries/generated-queries.ts';

const row = (key: string, text: string) => ({ key, text, slices: {} });

const ROWS = [
  row('1', 'The violin maker of Cremona chose spruce for the top. The wood was old. The sound was warm and the violin was loved.'),
  row('2', 'The bridge over the river is old. The river is wide here. The bridge was built of copper and stone by the town.'),
  row('3', 'Short text'),
  row('4', 'twice the same'),
  row('5', 'twice the same'),
  row('6', '川の上の橋は古い'),
];

test('a query is the first sentence of its row, where that is a small part of it, or the terms that tell it from others', (t) => {
  const { queries, judgements } = generateQueries(ROWS, 10);
  t.deepEqual(
    queries.map(({ id, slices }) => [id, slices?.kind]),
    [
      ['1', 'sentence'],
      ['2', 'terms'],
      ['3', 'terms'],
      ['6', 'terms'],
    ],
  );
  t.is(queries[0]?.text, 'The violin maker of Cremona chose spruce for the top.');
  const terms = queries[1]?.text.split(' ') ?? [];
  t.is(terms.length, 5);
  t.true(terms.includes('bridge') && terms.includes('river'));
  t.false(terms.includes('old'), 'a word of another text tells less than one of this text alone');
  t.is(queries[2]?.text, 'short text');
  t.true((queries[3]?.text.length ?? 0) > 0, 'words of a script without blanks are found too');
  t.deepEqual(judgements.get('2'), new Map([['2', 1]]));
});

test('rows that share their text are not used as known items', (t) => {
  const { judgements } = generateQueries(ROWS, 10);
  t.false(judgements.has('4') || judgements.has('5'));
});

test('as many queries are made as are asked for, all rows say how common a term is, and the same rows give the same queries', (t) => {
  const two = generateQueries(ROWS, 2);
  t.is(two.queries.length, 2);
  t.deepEqual(two, generateQueries(ROWS, 2));
  t.deepEqual(two.queries, generateQueries(ROWS, 10).queries.slice(0, 2));
});
