import { Tokenizer } from '@huggingface/tokenizers';
import { defineModel, type EmbeddingModel, type Encoder } from './model.ts';
import { openNetwork, pad } from './onnx-session.ts';
import { MAX_TOKENS, useLiteGraph } from './use-lite-graph.ts';
import { useLiteVocabulary, useLiteWeights } from './use-lite-weights.ts';

const DIMENSIONS = 512;
const UNKNOWN = 0;
// Text beyond this is never read; cutting it first limits the tokenizer's time.
const MAX_CHARACTERS = 16 * MAX_TOKENS;

/** Universal Sentence Encoder Lite (2018): the older model, from which the demo migrates. */
export const useLite: EmbeddingModel = defineModel('use-lite', DIMENSIONS, loadUseLite);

async function loadUseLite(): Promise<Encoder> {
  const tokenizer = new Tokenizer(sentencePiece(await useLiteVocabulary()), {});
  const run = await openNetwork(useLiteGraph(await useLiteWeights()));

  return {
    tokenize(text) {
      const ids = tokenizer.encode(text.slice(0, MAX_CHARACTERS), { add_special_tokens: false }).ids;
      return ids.length > 0 ? ids.slice(0, MAX_TOKENS) : [UNKNOWN];
    },
    encode(batch) {
      const { tokens, mask } = pad(batch);
      return run({ tokens, mask });
    },
  };
}

/** The rules of the model's SentencePiece vocabulary, which is published without them. */
function sentencePiece(vocab: [string, number][]): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'NFKC' },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: false },
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: UNKNOWN, vocab },
  };
}
