import OpenAI from 'openai';

/** Embeds texts with a model of the demo's server, as any application would. */
export type Embed = (model: string, texts: string[]) => Promise<number[][]>;

/**
 * @param url base URL of the embedding server
 * @param signal ends every request
 */
export function createEmbed(url: string, signal: AbortSignal): Embed {
  const client = new OpenAI({ apiKey: 'any-word', baseURL: url, maxRetries: 2 });
  return async (model, texts) => {
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += 64) {
      const input = texts.slice(start, start + 64);
      const answer = await client.embeddings.create({ model, input, encoding_format: 'float' }, { signal });
      vectors.push(...answer.data.map(({ embedding }) => embedding));
    }
    return vectors;
  };
}
