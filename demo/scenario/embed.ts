import OpenAI from 'openai';

/** Embeds texts with a model of the demo's server, as any application would. */
export type Embed = (model: string, texts: string[]) => Promise<number[][]>;

/** @param url base URL of the embedding server */
export function createEmbed(url: string): Embed {
  const client = new OpenAI({ apiKey: 'any-word', baseURL: url, maxRetries: 2 });
  return async (model, texts) => {
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += 64) {
      const answer = await client.embeddings.create({ model, input: texts.slice(start, start + 64), encoding_format: 'float' });
      vectors.push(...answer.data.map(({ embedding }) => embedding));
    }
    return vectors;
  };
}
