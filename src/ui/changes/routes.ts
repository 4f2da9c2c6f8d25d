import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { messageOf, ReembedError, UsageError } from '../../errors.ts';
import { isSame, secret } from '../admission.ts';
import type { Gate } from './read-gate.ts';

/** What the page can ask for with --allow-changes. */
export interface ChangeMaker {
  gate(target: string, change: string): Promise<Gate>;
  /** @returns what is so now, as a sentence */
  make(request: unknown): Promise<string>;
  /** JSON for the page */
  json(value: object): string;
}

const HEADER = 'X-Reembed-Token';
const LONGEST_REQUEST = 10_000;
const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/**
 * Adds the routes of the changes, which do not exist without --allow-changes. Behind the admission, which has checked Host and cookie, a
 * request needs the Origin of the page itself and a token in a header, which only a script of the page can read and send.
 */
export function addChangeRoutes(app: Hono, { gate, make, json }: ChangeMaker): void {
  const token = secret();
  app.get('/changes', (c) => c.json({ token }));
  app.use('/changes/*', async (c, next) => {
    const refused = (problem: string) => c.body(json({ problem, remedy: 'reload the page' }), 403, JSON_TYPE);
    if (c.req.header('origin') !== `http://${c.req.header('host')}`) return refused('only the page itself may ask for this');
    if (!isSame(c.req.header(HEADER), token)) return refused('the token of the page is missing or old');
    if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) return refused('only JSON is accepted');
    return next();
  });
  app.use('/changes/*', bodyLimit({ maxSize: LONGEST_REQUEST }));
  app.post('/changes/gate', async (c) => {
    const { target, change } = (await c.req.json()) as { target: string; change: string };
    return c.body(json(await gate(String(target), String(change))), 200, JSON_TYPE);
  });
  app.post('/changes/make', async (c) => {
    try {
      return c.body(json({ done: await make(await c.req.json()) }), 200, JSON_TYPE);
    } catch (error) {
      const problem = { problem: messageOf(error), remedy: error instanceof ReembedError ? error.remedy : null };
      return c.body(json(problem), error instanceof UsageError ? 400 : error instanceof ReembedError ? 409 : 500, JSON_TYPE);
    }
  });
}
