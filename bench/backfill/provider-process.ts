import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, createAnswers, type ProviderOptions } from './answers.ts';
import { serve } from './child.ts';

// A provider that answers immediately or after a fixed time.

/** Activity of the provider since its start. */
export interface ProviderUsage {
  requests: number;
  texts: number;
  cpuMicroseconds: number;
}

/** The calls that this process answers. */
export type ProviderCalls = {
  /** serves both models; returns the base URL */
  listen(options: ProviderOptions): Promise<string>;
  usage(nothing: undefined): ProviderUsage;
};

let answerOf: (request: string) => Answer = () => ({ status: 503, body: '', texts: 0 });
let latency = 0;
let cpuBefore = process.cpuUsage();
let requests = 0;
let texts = 0;

// A provider has a host of its own; what it computes here must not delay the application that is measured.
setPriority(constants.priority.PRIORITY_LOW);

serve({
  async listen(options) {
    latency = options.latency;
    answerOf = createAnswers(options);
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
  const { status, body, texts: asked } = answerOf(Buffer.concat(chunks).toString());
  requests += 1;
  texts += asked;
  if (latency > 0) await sleep(latency);
  send(response, status, body);
}

function send(response: ServerResponse, status: number, body: string): void {
  // The body is pure ASCII, and latin1 is written without inspecting each character.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body, 'latin1');
}
