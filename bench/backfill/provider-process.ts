import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from './child.ts';
import { NEW_MODEL, OLD_MODEL, readTag } from './documents.ts';
import { createVectorSpace, type VectorSpace } from './vectors.ts';

// A provider that answers at once, or after a fixed time. Its vectors are put together from text that was encoded before.

/** What the provider did since it was started. */
export interface ProviderUsage {
  requests: number;
  texts: number;
  cpuMicroseconds: number;
}

/** The calls that this process answers. */
export type ProviderCalls = {
  /** serves both models; returns the base URL */
  listen(options: { dimensions: number; seed: number; latency: number }): Promise<string>;
  usage(nothing: undefined): ProviderUsage;
};

interface EmbeddingRequest {
  model: string;
  input: string | string[];
  encoding_format?: 'float' | 'base64';
}

const spaces = new Map<string, VectorSpace>();
let latency = 0;
let cpuBefore = process.cpuUsage();
let requests = 0;
let texts = 0;

serve({
  async listen(options) {
    latency = options.latency;
    for (const model of [OLD_MODEL, NEW_MODEL]) {
      const space = createVectorSpace(model, options.dimensions, options.seed);
      space.json(1, 0);
      space.base64(1, 0);
      spaces.set(model, space);
    }
    const server = createServer((request, response) => {
      answer(request, response).catch((error) => send(response, 400, JSON.stringify({ error: { message: String(error) } })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cpuBefore = process.cpuUsage();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  },

  usage() {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { requests, texts, cpuMicroseconds: user + system };
  },
} satisfies ProviderCalls);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { model, input, encoding_format: encoding } = JSON.parse(Buffer.concat(chunks).toString()) as EmbeddingRequest;
  const space = spaces.get(model);
  if (!space) return send(response, 404, JSON.stringify({ error: { message: `The model ${model} does not exist` } }));
  const asked = [input].flat();
  requests += 1;
  texts += asked.length;
  if (latency > 0) await sleep(latency);
  const data = asked.map((text, index) => {
    const { id, version } = readTag(text);
    const embedding = encoding === 'base64' ? `"${space.base64(id, version)}"` : space.json(id, version);
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`;
  });
  // About four characters are a token.
  const tokens = Math.ceil(asked.reduce((sum, text) => sum + text.length, 0) / 4);
  send(
    response,
    200,
    `{"object":"list","model":${JSON.stringify(model)},"data":[${data.join()}],"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`,
  );
}

function send(response: ServerResponse, status: number, body: string): void {
  // Nothing in it is outside ASCII, and latin1 is written without a look at each character.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body, 'latin1');
}
