import { NEW_MODEL, OLD_MODEL, readTag } from './documents.ts';
import { createVectorSpace, type VectorSpace } from './vectors.ts';

/** Where the toolkit's provider runs: in a separate process, called by HTTP, or inside the worker, where it costs next to nothing. */
export const PROVIDERS = ['in-process', 'http'] as const;
export type ProviderPlace = (typeof PROVIDERS)[number];

/** Parameters of a provider's vectors, and its latency in milliseconds. */
export interface ProviderOptions {
  dimensions: number;
  seed: number;
  latency: number;
}

interface EmbeddingRequest {
  model: string;
  input: string | string[];
  encoding_format?: 'float' | 'base64';
}

/** An answer of an OpenAI-compatible provider, as text. Its vectors are assembled from pieces that were encoded in advance. */
export interface Answer {
  status: number;
  body: string;
  texts: number;
}

/**
 * Creates the answers of a provider that serves both models.
 *
 * @param onText called with the model and the tag of each text that is answered
 */
export function createAnswers(
  { dimensions, seed }: ProviderOptions,
  onText?: (model: string, tag: ReturnType<typeof readTag>) => void,
): (request: string) => Answer {
  const spaces = new Map<string, VectorSpace>();
  for (const model of [OLD_MODEL, NEW_MODEL]) {
    const space = createVectorSpace(model, dimensions, seed);
    space.json(1, 0);
    space.base64(1, 0);
    spaces.set(model, space);
  }
  return (request) => {
    const { model, input, encoding_format: encoding } = JSON.parse(request) as EmbeddingRequest;
    const space = spaces.get(model);
    if (!space) return { status: 404, body: JSON.stringify({ error: { message: `The model ${model} does not exist` } }), texts: 0 };
    const asked = [input].flat();
    const data = asked.map((text, index) => {
      const tag = readTag(text);
      const { id, version } = tag;
      onText?.(model, tag);
      const embedding = encoding === 'base64' ? `"${space.base64(id, version)}"` : space.json(id, version);
      return `{"object":"embedding","index":${index},"embedding":${embedding}}`;
    });
    // A token is about four characters.
    const tokens = Math.ceil(asked.reduce((sum, text) => sum + text.length, 0) / 4);
    const usage = `{"prompt_tokens":${tokens},"total_tokens":${tokens}}`;
    return {
      status: 200,
      body: `{"object":"list","model":${JSON.stringify(model)},"data":[${data.join()}],"usage":${usage}}`,
      texts: asked.length,
    };
  };
}
