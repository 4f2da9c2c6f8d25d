import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import type { Comparison } from '../../src/compare/result.ts';
import type { Gate } from '../../src/ui/changes/read-gate.ts';
import type { State } from '../../src/ui/read-state.ts';
import { until } from './campaign.ts';
import type { Workplace } from './command.ts';

/** What the role of each test puts where others can write: it would run if the page read it as HTML. */
export const POISON = '<img src=x onerror="window.ran = 1">';

const BYTES = { vector: 3076, halfvec: 1540, bit: null };

/** What `compare --json` prints of two models, one of which is better. */
export const COMPARISON = {
  at: new Date('2026-11-02T12:00:00Z'),
  table: 'public.documents',
  column: 'embedding',
  tableRows: 5000,
  sampledRows: 2000,
  queries: 300,
  judgedQueries: 300,
  evidence: 'people',
  judgedRowsMissing: 0,
  k: 10,
  seed: 7,
  distance: 'cosine',
  models: [
    { name: 'better-model', isPresent: false, value: 0.74 },
    { name: 'old-model', isPresent: true, value: 0.7 },
  ].map(({ name, isPresent, value }) => {
    const figure = {
      value: { value, low: value - 0.02, high: value + 0.02 },
      difference: isPresent ? null : { value: 0.04, low: 0.02, high: 0.06 },
    };
    return {
      ...{ name, isPresent, dimensions: 768, latencyMs: 21, requests: 40, tokensSent: 90_000, refusedRows: 0 },
      costs: { usdPerMillionTokens: 0.02, tokens: 500_000, usd: 0.01, bytesPerRow: BYTES, indexBytes: BYTES },
      ...{ ndcg: figure, mrr: figure, recall: figure, overlap: figure.value, wins: 80, losses: 40, ties: 180, slices: [] },
      outcome: isPresent ? null : { kind: 'worth it', reasons: [`nDCG@10 is higher by 0.040 ${POISON}`] },
    };
  }),
} satisfies Comparison;

/** A running `reembed ui`. */
export interface RunningUi {
  child: ChildProcess;
  /** with the token */
  address: string;
  port: number;
}

/** One answer of the server. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Starts `reembed ui` and waits for its address. */
export async function startUi(workplace: Workplace, args: string[] = [], env: Record<string, string> = {}): Promise<RunningUi> {
  const child = workplace.start(['ui', ...args], env);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  await until(() => out.includes('\n') || child.exitCode !== null, 'the address of the page');
  if (child.exitCode !== null) throw new Error(err);
  return { child, address: out.trim(), port: Number(new URL(out).port) };
}

/** One request with these headers and no others; a browser would set Host itself. */
export function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET', content = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
        // A stream of events does not end; its first is enough.
        if (answer.headers['content-type'] === 'text/event-stream' && body.includes('\n\n')) answer.destroy();
      });
      answer.on('close', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.on('error', reject);
    asked.end(content);
  });
}

/** The cookie that the printed address gives. */
export async function admitted({ address, port }: RunningUi): Promise<{ Cookie: string }> {
  const { headers } = await ask(port, new URL(address).pathname + new URL(address).search);
  return { Cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
}

/** The state that a page shows first. */
export async function stateOf({ port }: RunningUi, cookie: { Cookie: string }): Promise<State> {
  const { body } = await ask(port, '/state', cookie);
  return JSON.parse(body.replace(/^event: state\ndata: /, '')) as State;
}

/** What a script of the page sends and is answered. */
export interface Steering {
  ui: RunningUi;
  cookie: { Cookie: string };
  /** headers of its requests */
  headers: Record<string, string>;
  /** asks for a change, with the right confirmation and a reason unless others are given */
  make(change: string, request?: object, headers?: Record<string, string>): Promise<ChangeAnswer>;
  gate(change: string): Promise<Gate>;
}

/** The answer to a request for a change. */
export interface ChangeAnswer {
  status: number;
  done?: string;
  problem?: string;
  remedy?: string;
}

/** @param target full name */
export async function steer(ui: RunningUi, target: string): Promise<Steering> {
  const cookie = await admitted(ui);
  const { status, body } = await ask(ui.port, '/changes', cookie);
  const headers = {
    ...cookie,
    Host: `127.0.0.1:${ui.port}`,
    Origin: `http://127.0.0.1:${ui.port}`,
    'Content-Type': 'application/json',
    'X-Reembed-Token': status === 200 ? String(JSON.parse(body).token) : 'none',
  };
  return {
    ui,
    cookie,
    headers,
    async make(change, request = {}, sent = headers) {
      const content = JSON.stringify({ target, change, confirmation: target, reason: `why ${change}`, ...request });
      const answer = await ask(ui.port, '/changes/make', sent, 'POST', content);
      return { status: answer.status, ...(answer.body.startsWith('{') ? JSON.parse(answer.body) : {}) };
    },
    async gate(change) {
      return JSON.parse((await ask(ui.port, '/changes/gate', headers, 'POST', JSON.stringify({ target, change }))).body);
    },
  };
}
