import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import type { State } from '../../src/ui/read-state.ts';
import { until } from './campaign.ts';
import type { Workplace } from './command.ts';

/** What the role of each test puts where others can write: it would run if the page read it as HTML. */
export const POISON = '<img src=x onerror="window.ran = 1">';

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
export function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
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
    asked.end();
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
