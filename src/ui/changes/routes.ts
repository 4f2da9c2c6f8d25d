import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isSame, secret } from '../admission.ts';
import { jsonForPage } from '../json-for-page.ts';
import type { Gate } from './read-gate.ts';

/** What the page can ask for with --allow-changes. */
export interface ChangeMaker {
  gate(target: string, change: string): Promise<Gate>;
  /** @returns what is so now, as a sentence */
  make(request: unknown): Promise<string>;
}

const HEADER = 'X-Reembed-Token';
const LONGEST_REQUEST = 10_000;
const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/**
 * Adds the routes of the changes, which do not exist without --allow-changes. Behind the admission, which has checked Host and cookie, a
 * request needs the Origin of the page itself and a token in a header, which only a script of the page can read and send.
 */
export function addChangeRoutes(app: Hono, { gate, make }: ChangeMaker): void {
  const token = secret();
  app.get('/changes', (c) => c.json({ token }));
  app.use('/changes/*', async (c, next) => {
    const refused = (problem: string) => c.json({ problem, remedy: 'reload the page' }, 403);
    if (c.req.header('origin') !== `http://${c.req.header('host')}`) return refused('only the page itself may ask for this');
    if (!isSame(c.req.header(HEADER), token)) return refused('the token of the page is missing or old');
    if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) return refused('only JSON is accepted');
    return next();
  });
  app.use('/changes/*', bodyLimit({ maxSize: LONGEST_REQUEST, onError: (c) => c.json({ problem: 'the request is too long' }, 413) }));
  app.post('/changes/gate', async (c) => {
    const { target, change } = ((await contentOf(c)) ?? {}) as Record<string, unknown>;
    return c.body(jsonForPage(await gate(String(target), String(change))), 200, JSON_TYPE);
  });
  app.post('/changes/make', async (c) => c.body(jsonForPage({ done: await make(await contentOf(c)) }), 200, JSON_TYPE));
}

/** What a request has as JSON; null for what is none, which is refused as any other request that the page does not make. */
function contentOf(c: Context): Promise<unknown> {
  return c.req.json<unknown>().catch(() => null);
}
