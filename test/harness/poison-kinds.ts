import { NEW_MODEL } from './documents.ts';
import { type ScriptedAnswer, vectorOf } from './provider.ts';

const PAGE = '<html><body>Request blocked by the web application firewall</body></html>';
const html = { 'content-type': 'text/html' };
const good = (texts: string[]) => texts.map((text) => vectorOf(NEW_MODEL, text, 24));

/** A way in which a provider fails on a text. */
export interface PoisonKind {
  name: string;
  class: string;
  /** the provider's words, as far as they are kept */
  words: RegExp | null;
  answer: (input: string[], isBad: (text: string) => boolean) => ScriptedAnswer | Promise<ScriptedAnswer>;
}

export const POISON_KINDS: PoisonKind[] = [
  { name: '500', class: 'server_error', words: /scripted 500/, answer: () => ({ status: 500 }) },
  { name: '503', class: 'server_error', words: /scripted 503/, answer: () => ({ status: 503 }) },
  {
    name: '403 of a firewall',
    class: 'forbidden',
    words: /web application firewall/,
    answer: () => ({ status: 403, body: PAGE, headers: html }),
  },
  {
    name: '404',
    class: 'model_not_found',
    words: /scripted 404/,
    answer: () => ({ status: 404 }),
  },
  {
    name: '200 with an error',
    class: 'error_answer',
    words: /upstream failed/,
    answer: () => ({ status: 200, body: { error: { message: 'upstream failed', code: 502 } } }),
  },
  { name: '200 with HTML', class: 'not_json', words: /firewall/, answer: () => ({ status: 200, body: PAGE, headers: html }) },
  { name: '200 that is not JSON', class: 'not_json', words: null, answer: () => ({ status: 200, body: 'no vectors' }) },
  { name: 'wrong count', class: 'wrong_count', words: null, answer: (input) => ({ vectors: good(input).slice(1) }) },
  {
    name: 'wrong dimensions',
    class: 'wrong_dimensions',
    words: null,
    answer: (input, isBad) => ({ vectors: input.map((text) => vectorOf(NEW_MODEL, text, isBad(text) ? 16 : 24)) }),
  },
  {
    name: '429 too large',
    class: 'request_too_large',
    words: /Requested 45000/,
    answer: () => ({
      status: 429,
      body: { error: { message: 'Request too large for new-model on tokens per min (TPM): Limit 40000, Requested 45000.' } },
    }),
  },
  { name: 'cut connection', class: 'connection_failed', words: /./, answer: () => ({ cut: true }) },
  { name: 'time-out', class: 'timed_out', words: /./, answer: () => new Promise(() => {}) },
];
