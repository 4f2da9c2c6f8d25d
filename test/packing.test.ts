import test from 'ava';
import fc from 'fast-check';
import { packRequests } from '../src/embedding/pack.ts';

const items = fc.array(fc.nat({ max: 500 }), { maxLength: 200 });
const limits = fc.record({ inputs: fc.integer({ min: 1, max: 50 }), tokens: fc.integer({ min: 1, max: 1000 }) });
const itself = (tokens: number) => tokens;
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test('every text is in exactly one request, in its order, and no request is empty', (t) => {
  fc.assert(
    fc.property(items, limits, (texts, limit) => {
      const requests = packRequests(texts, limit, itself);
      return requests.every((request) => request.length > 0) && requests.flat().join() === texts.join();
    }),
  );
  t.deepEqual(packRequests([], { inputs: 1, tokens: 1 }, itself), []);
});

test('no request is over a limit, but for a text that alone is over the token limit', (t) => {
  fc.assert(
    fc.property(items, limits, (texts, limit) =>
      packRequests(texts, limit, itself).every(
        (request) => request.length <= limit.inputs && (request.length === 1 || sum(request) <= limit.tokens),
      ),
    ),
  );
  t.deepEqual(packRequests([1, 900, 1], { inputs: 10, tokens: 100 }, itself), [[1], [900], [1]]);
});

test('a request is only closed when the next text would not have fitted', (t) => {
  fc.assert(
    fc.property(items, limits, (texts, limit) => {
      const requests = packRequests(texts, limit, itself);
      return requests.slice(1).every(([next = 0], i) => {
        const before = requests[i] ?? [];
        return before.length === limit.inputs || sum(before) + next > limit.tokens;
      });
    }),
  );
  t.deepEqual(packRequests([10, 10, 10, 10], { inputs: 3, tokens: 1000 }, itself), [[10, 10, 10], [10]]);
});
