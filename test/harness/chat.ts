import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createChat } from '../../src/judge/chat.ts';
import type { Judge } from '../../src/judge/judge.ts';
import { wordsOf } from '../../src/validation/queries/words.ts';

/** A request as received by the server. */
export interface SeenChat {
  model: string;
  key: string;
  /** the texts between marked lines; query is undefined in a request for a question */
  query: string | undefined;
  passage: string;
  /** everything else in the body */
  others: Record<string, unknown>;
}

/** A scripted answer: its text, or a status, or parts of an answer; undefined for a good answer. */
export type ScriptedChat =
  | string
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { content?: unknown; finish?: string; usage?: unknown }
  | { body: unknown }
  | undefined;

/** An OpenAI-compatible chat server with reproducible answers and scripted faults. */
export interface TestChat {
  url: string;
  requests: SeenChat[];
  /** tokens that the server counted */
  tokens: number;
  script: (request: SeenChat, count: number) => ScriptedChat | Promise<ScriptedChat>;
  close(): Promise<void>;
}

/** The grade that the server gives: by how many words of the query are in the passage. */
export function gradeOf(query: string, passage: string): number {
  const present = new Set(wordsOf(passage));
  return Math.min(3, wordsOf(query).filter((word) => present.has(word)).length);
}

/** Starts a chat server. A request for a question is answered with words that no passage has. */
export async function startChat(): Promise<TestChat> {
  const chat: TestChat = { url: '', requests: [], tokens: 0, script: () => undefined, close: async () => {} };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { model, messages, ...others } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const user: string = messages.at(-1).content;
    const seen: SeenChat = {
      model,
      others,
      key: (request.headers.authorization ?? '').replace('Bearer ', ''),
      query: between('query', user),
      passage: between('passage', user) ?? '',
    };
    chat.requests.push(seen);
    const count = chat.requests.length;
    const scripted = (await chat.script(seen, count)) ?? goodAnswer(seen, count);
    if (typeof scripted === 'object' && 'status' in scripted) {
      for (const [name, value] of Object.entries(scripted.headers ?? {})) response.setHeader(name, value);
      return send(response, scripted.status, scripted.body ?? { error: { message: `scripted ${scripted.status}` } });
    }
    if (typeof scripted === 'object' && 'body' in scripted) return send(response, 200, scripted.body);
    const { content, finish = 'stop', usage } = typeof scripted === 'string' ? { content: scripted } : scripted;
    const input = messages.map((message: { content: string }) => message.content).join(' ').length >> 2;
    chat.tokens += input + 10;
    send(response, 200, {
      choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content } }],
      usage: usage ?? { prompt_tokens: input, completion_tokens: 10, total_tokens: input + 10 },
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  chat.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  chat.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return chat;
}

/** A judge that asks the server, without pauses. */
export function testJudge(chat: TestChat, options: Partial<Judge> = {}): Judge {
  const access = {
    apiKey: 'judge-key',
    baseUrl: chat.url,
    keyVariable: 'JUDGE_API_KEY',
    addressSetting: 'JUDGE_BASE_URL',
    limits: { inputs: 1, tokens: 1 },
    parameters: { document: {}, query: {} },
  };
  return {
    chat: createChat('judge-model', access, { timeoutSeconds: 0.3 }),
    price: { input: 1, output: 2 },
    concurrency: 4,
    pauseMs: 1,
    ...options,
  };
}

function goodAnswer({ query, passage }: SeenChat, count: number): string {
  return query === undefined ? `What does entry ${count} tell?` : `{"grade": ${gradeOf(query, passage)}}`;
}

function between(name: string, text: string): string | undefined {
  return new RegExp(`<${name} (\\w+)>\\n(.*?)\\n</${name} \\1>`, 's').exec(text)?.[2];
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.setHeader('content-type', typeof body === 'string' ? 'text/html' : 'application/json');
  response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
}
