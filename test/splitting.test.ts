import test from 'ava';
import fc from 'fast-check';
import type { Queryable } from '../src/database/connection.ts';
import { BadAnswer } from '../src/embedding/check-vectors.ts';
import { embedTexts } from '../src/embedding/embed-texts.ts';
import { createFindings } from '../src/embedding/findings.ts';
import type { ModelRow } from '../src/embedding/models.ts';
import type { Provider } from '../src/embedding/provider.ts';
import { InputRefused } from '../src/embedding/provider-error.ts';

const MODEL = { name: 'model', dimensions: 2, query_prefix: '', document_prefix: '' } as ModelRow;
const always = { query: async () => ({ rows: [{ wait: 0 }] }) } as unknown as Queryable;

/** good, refused with its whole request, or answered with a vector that is no vector */
type Nature = 'good' | 'refused' | 'unusable';

interface Item {
  id: number;
  text: string;
  nature: Nature;
}

/** Knows each text by the number it begins with, as a real provider knows nothing but texts. */
function createFakeProvider(items: Item[]): Provider & { requests: string[][] } {
  const requests: string[][] = [];
  return {
    model: MODEL,
    limits: { inputs: 128, tokens: 100_000 },
    body: (input) => ({ model: MODEL.name, input }),
    findings: createFindings(16),
    settleEncoding: async () => {},
    requests,
    async embed(texts) {
      requests.push(texts);
      // The short text by which a provider is tried out is not among the items, and good.
      const natures = texts.map((text) => items[Number.parseInt(text, 10)]?.nature ?? 'good');
      if (natures.includes('refused')) throw new InputRefused('input_refused', MODEL.name, 'too long');
      const unusable = natures.flatMap((nature, i) => (nature === 'unusable' ? [i] : []));
      if (unusable.length > 0) throw new BadAnswer('zero_vector', MODEL.name, 'returned a zero vector', 'look', unusable);
      return { vectors: texts.map((text) => Float32Array.of(Number.parseInt(text, 10), 1)), tokens: texts.length };
    },
  };
}

const natures = fc
  .array(fc.constantFrom<Nature>('good', 'good', 'good', 'refused', 'unusable'), { minLength: 1, maxLength: 150, size: 'max' })
  .filter((all) => all.filter((nature) => nature !== 'good').length * 2 < all.length);
// Requests that stand alone in their batch, and batches of many requests.
const inputs = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 200 }));

function itemsOf(all: Nature[]): Item[] {
  return all.map((nature, id) => ({ id, nature, text: `${id} ${'x'.repeat(id % 7)}` }));
}

const ids = (items: { item: Item }[]) => items.map(({ item }) => item.id).toSorted((a, b) => a - b);

test('exactly the faulty texts are refused, and every other one is embedded once, with its own vector', async (t) => {
  await fc.assert(
    fc.asyncProperty(natures, inputs, fc.integer({ min: 1, max: 400 }), async (all, most, tokens) => {
      const items = itemsOf(all);
      const outcome = await embedTexts(always, createFakeProvider(items), items, {
        limits: { inputs: most, tokens },
        tokensPerCharacter: 1,
        patienceSeconds: 0,
      });
      t.deepEqual(
        ids(outcome.refused),
        items.flatMap(({ id, nature }) => (nature === 'good' ? [] : [id])),
      );
      t.deepEqual(
        ids(outcome.embedded),
        items.flatMap(({ id, nature }) => (nature === 'good' ? [id] : [])),
      );
      t.true(outcome.embedded.every(({ item, vector }) => vector[0] === item.id));
    }),
    { numRuns: 300 },
  );
});

test('the requests it takes to find faulty texts grow with their number and with the logarithm of the request', async (t) => {
  await fc.assert(
    fc.asyncProperty(natures, inputs, async (all, most) => {
      const items = itemsOf(all);
      const provider = createFakeProvider(items);
      const outcome = await embedTexts(always, provider, items, {
        limits: { inputs: most, tokens: 1_000_000 },
        tokensPerCharacter: 1,
        patienceSeconds: 0,
      });
      const faulty = outcome.refused.length;
      // Two halves on each level above a faulty text, and two more where the answer names it.
      const bound = Math.ceil(items.length / most) + 2 * faulty * (Math.ceil(Math.log2(Math.min(most, items.length))) + 1);
      t.true(outcome.requests <= bound, `${outcome.requests} requests, at most ${bound}`);
      // The provider may be asked to prove itself once, before the first text is blamed.
      t.true(provider.requests.length <= outcome.requests + 1);
    }),
    { numRuns: 300 },
  );
});
