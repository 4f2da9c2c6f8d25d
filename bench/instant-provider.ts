import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider in a process of its own that answers immediately: its answers are computed before the first request. */
export interface InstantProvider {
  /** address of a provider that supports base64, and of one that always answers with numbers */
  urls: { base64: string; float: string };
  close(): Promise<void>;
}

type Encoding = keyof InstantProvider['urls'];

/** @param most number of texts of the largest request */
export async function startInstantProvider(dimensions: number, most: number): Promise<InstantProvider> {
  const child = fork(import.meta.filename, [String(dimensions), String(most)]);
  const ended = once(child, 'exit');
  const [port] = await once(child, 'message');
  return {
    urls: { base64: `http://127.0.0.1:${port}/base64/v1`, float: `http://127.0.0.1:${port}/float/v1` },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The answer to a request of so many texts. */
export function answerBody(count: number, dimensions: number, encoding: Encoding): string {
  const data = Array.from({ length: count }, (_, index) => {
    const vector = Float32Array.from({ length: dimensions }, (_, d) => Math.sin(index * 31 + d * 7) / Math.sqrt(dimensions / 2));
    return { object: 'embedding', index, embedding: encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector] };
  });
  return JSON.stringify({ object: 'list', data, model: 'bench', usage: { prompt_tokens: count, total_tokens: count } });
}

function serve(dimensions: number, most: number): void {
  const bodies = new Map<string, Buffer>();
  const bodyOf = (count: number, encoding: Encoding) => {
    const key = `${encoding} ${count}`;
    const body = bodies.get(key) ?? Buffer.from(answerBody(count, dimensions, encoding));
    bodies.set(key, body);
    return body;
  };
  for (const encoding of ['base64', 'float'] as const) bodyOf(most, encoding);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as { input: string[]; encoding_format: Encoding };
    const body = bodyOf(asked.input.length, request.url?.startsWith('/float') ? 'float' : asked.encoding_format);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

if (process.send && import.meta.main) serve(Number(process.argv[2]), Number(process.argv[3]));
