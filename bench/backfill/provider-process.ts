import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, createAnswers, type ProviderOptions } from './answers.ts';
import { serve } from './child.ts';

// A provider that answers immediately or after a fixed time, and refuses requests beyond a limit if it has one.

/** Activity of the provider since its start. */
export interface ProviderUsage {
  /** requests that were answered */
  requests: number;
  /** requests that were refused with 429 */
  refusedRequests: number;
  texts: number;
  /** texts of rows that the same model had already embedded since the call of limit() */
  repeatedTexts: number;
  cpuMicroseconds: number;
}

/** The calls that this process answers. */
export type ProviderCalls = {
  /** serves both models; returns the base URL */
  listen(options: ProviderOptions): Promise<string>;
  /** from now on notices repeated texts, and refuses what exceeds so many requests a minute, after a burst of one second; null for no limit */
  limit(requestsPerMinute: number | null): void;
  usage(nothing: undefined): ProviderUsage;
};

let answerOf: (request: string) => Answer = () => ({ status: 503, body: '', texts: 0 });
let latency = 0;
let cpuBefore = process.cpuUsage();
let requests = 0;
let refusedRequests = 0;
let texts = 0;
let repeatedTexts = 0;
let embedded: Set<string> | undefined;
let bucket: { perSecond: number; left: number; at: number } | undefined;

// A provider has a host of its own; what it computes here must not delay the application that is measured.
setPriority(constants.priority.PRIORITY_LOW);

serve({
  async listen(options) {
    latency = options.latency;
    answerOf = createAnswers(options, (model, { id, version }) => {
      if (id === 0 || !embedded) return;
      const text = `${model} ${id}.${version}`;
      if (embedded.has(text)) repeatedTexts += 1;
      embedded.add(text);
    });
    const server = createServer((request, response) => {
      answer(request, response).catch((error) => send(response, 400, JSON.stringify({ error: { message: String(error) } })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cpuBefore = process.cpuUsage();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  },

  limit(requestsPerMinute) {
    embedded = new Set();
    const perSecond = (requestsPerMinute ?? 0) / 60;
    bucket = perSecond > 0 ? { perSecond, left: Math.max(1, perSecond), at: performance.now() } : undefined;
  },

  usage() {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { requests, refusedRequests, texts, repeatedTexts, cpuMicroseconds: user + system };
  },
} satisfies ProviderCalls);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const wait = takeFromBucket();
  if (wait > 0) {
    refusedRequests += 1;
    response.setHeader('retry-after-ms', Math.ceil(wait * 1000));
    return send(response, 429, JSON.stringify({ error: { message: 'Rate limit reached', code: 'rate_limit_exceeded' } }));
  }
  const { status, body, texts: asked } = answerOf(Buffer.concat(chunks).toString());
  requests += 1;
  texts += asked;
  if (latency > 0) await sleep(latency);
  send(response, status, body);
}

/** Seconds until a request is allowed; 0 when it is now. */
function takeFromBucket(): number {
  if (!bucket) return 0;
  const now = performance.now();
  const { perSecond } = bucket;
  bucket.left = Math.min(Math.max(1, perSecond), bucket.left + ((now - bucket.at) / 1000) * perSecond);
  bucket.at = now;
  if (bucket.left < 1) return (1 - bucket.left) / perSecond;
  bucket.left -= 1;
  return 0;
}

function send(response: ServerResponse, status: number, body: string): void {
  // The body is pure ASCII, and latin1 is written without inspecting each character.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body, 'latin1');
}
