import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { Tensor } from 'onnxruntime-node';
import { minilmFolder } from './minilm-files.ts';
import { defineModel, type EmbeddingModel, type Encoder } from './model.ts';
import { openNetwork, pad } from './onnx-session.ts';

const DIMENSIONS = 384;
const MAX_TOKENS = 256;
// Text beyond this is never read; cutting it first limits the tokenizer's time.
const MAX_CHARACTERS = 16 * MAX_TOKENS;

/** all-MiniLM-L6-v2 with 4-bit weights: the better, newer model of the demo. */
export const minilm: EmbeddingModel = defineModel('all-minilm-l6-v2', DIMENSIONS, loadMinilm);

async function loadMinilm(): Promise<Encoder> {
  const folder = await minilmFolder();
  const tokenizer = new Tokenizer(await readJson(join(folder, 'tokenizer.json')), await readJson(join(folder, 'tokenizer_config.json')));
  const run = await openNetwork(join(folder, 'model_q4.onnx'));

  return {
    tokenize(text) {
      const { ids } = tokenizer.encode(text.slice(0, MAX_CHARACTERS));
      // The last token marks the end of the text, so it is kept when the text is cut.
      return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), ...ids.slice(-1)];
    },
    async encode(batch) {
      const { tokens, mask, shape, columns } = pad(batch);
      const states = await run({
        input_ids: tokens,
        attention_mask: mask,
        token_type_ids: new Tensor('int64', new BigInt64Array(tokens.size), shape),
      });
      const vectors = new Float32Array(batch.length * DIMENSIONS);
      batch.forEach((list, row) => {
        const first = row * columns * DIMENSIONS;
        vectors.set(mean(states.subarray(first, first + list.length * DIMENSIONS)), row * DIMENSIONS);
      });
      return vectors;
    },
  };
}

/** The mean of the states of a text's tokens; the caller has removed the padding. */
function mean(states: Float32Array): Float32Array {
  const sum = new Float32Array(DIMENSIONS);
  states.forEach((value, position) => {
    const dimension = position % DIMENSIONS;
    sum[dimension] = (sum[dimension] ?? 0) + value;
  });
  return sum.map((value) => (value * DIMENSIONS) / states.length);
}

async function readJson(file: string): Promise<object> {
  return JSON.parse(await readFile(file, 'utf8'));
}
