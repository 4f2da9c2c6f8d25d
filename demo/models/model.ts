import { microBatches } from './micro-batches.ts';

/** A text embedding model that runs on this machine. */
export interface EmbeddingModel {
  /** The name that a client requests. */
  readonly name: string;
  readonly dimensions: number;
  /** One vector of length 1 for each text, in the order of the texts. */
  embed(texts: string[]): Promise<Float32Array[]>;
  /** Like `embed`, with the number of tokens that the model read, which is what a provider would bill. */
  embedCounted(texts: string[]): Promise<Embedded>;
}

/** Vectors in the order of their texts, and the number of tokens. */
export interface Embedded {
  vectors: Float32Array[];
  tokens: number;
}

/** Tokenizer and network of a loaded model. */
export interface Encoder {
  tokenize(text: string): number[];
  /** One vector for each list of tokens, all in one array. */
  encode(batch: number[][]): Promise<Float32Array>;
}

/** Creates a model with an encoder that is loaded at the first use and then kept. */
export function defineModel(name: string, dimensions: number, load: () => Promise<Encoder>): EmbeddingModel {
  let loading: Promise<Encoder> | undefined;

  async function embedCounted(texts: string[]): Promise<Embedded> {
    loading ??= load();
    const encoder = await loading;
    const vectors = new Array<Float32Array>(texts.length);
    let tokens = 0;
    for (const batch of microBatches(texts)) {
      const lists = batch.map(({ text }) => encoder.tokenize(text));
      const encoded = await encoder.encode(lists);
      batch.forEach(({ index }, row) => {
        vectors[index] = normalized(encoded.subarray(row * dimensions, (row + 1) * dimensions));
      });
      tokens += lists.reduce((sum, list) => sum + list.length, 0);
    }
    return { vectors, tokens };
  }

  return {
    name,
    dimensions,
    embedCounted,
    embed: async (texts) => (await embedCounted(texts)).vectors,
  };
}

function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
